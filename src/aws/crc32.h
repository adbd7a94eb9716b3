/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* CRC-32 as in zlib and in DynamoDB's x-amz-crc32. */
uint32_t crc32_of(const void *data, size_t size);
