/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "crc32.h"

#define POLYNOMIAL UINT32_C(0xedb88320) /* bit-reversed */

uint32_t crc32_of(const void *data, size_t size) {
        const unsigned char *p = data;
        uint32_t crc = UINT32_MAX;

        for (size_t i = 0; i < size; i++) {
                crc ^= p[i];
                for (unsigned bit = 0; bit < 8; bit++)
                        crc = crc >> 1 ^ (crc & 1 ? POLYNOMIAL : 0);
        }
        return ~crc;
}
