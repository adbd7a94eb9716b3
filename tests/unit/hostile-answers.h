/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What nobody should answer to a GetItem, each with what has to come of it. An UpdateItem that is answered so has not
 * been answered either. */

#include "cleanup.h"
#include "store.h"

#define LABEL "\"label\":{\"S\":\"validator\"}"
#define ORIGINAL LABEL ",\"holder\":{\"S\":\"node1\"},\"version\":{\"S\":\"v1\"}," \
        "\"expire_time\":{\"N\":\"1763929801000\"},\"start_time\":{\"N\":\"1763928001000\"}"
#define OURS ORIGINAL ",\"lease_ms\":{\"N\":\"1800000\"},\"host\":{\"S\":\"" HOST "\"},\"boot\":{\"S\":\"" BOOT "\"}," \
        "\"fence\":{\"N\":\"1763928001123\"}"
#define HOST "0123456789abcdef0123456789abcdef"
#define BOOT "fedcba9876543210fedcba9876543210"
#define ITEM(attributes) "{\"Item\":{" attributes "}}"

/* An original's record but for one attribute. */
#define WITHOUT_VERSION LABEL ",\"holder\":{\"S\":\"h\"},\"expire_time\":{\"N\":\"1\"},\"start_time\":{\"N\":\"1\"}"
#define WITHOUT_EXPIRY LABEL ",\"holder\":{\"S\":\"h\"},\"version\":{\"S\":\"v\"},\"start_time\":{\"N\":\"1\"}"
#define WITHOUT_HOLDER LABEL ",\"version\":{\"S\":\"v\"},\"expire_time\":{\"N\":\"1\"},\"start_time\":{\"N\":\"1\"}"
#define WITH_HOLDER(value) ITEM(WITHOUT_HOLDER ",\"holder\":" value)
#define WITH_EXPIRY(number) ITEM(WITHOUT_EXPIRY ",\"expire_time\":{\"N\":" number "}")

#define TWENTY "xxxxxxxxxxxxxxxxxxxx"
#define TEN_LISTS "[[[[[[[[[["
#define TEN_ENDS "]]]]]]]]]]"
#define HUNDRED(ten) ten ten ten ten ten ten ten ten ten ten

typedef struct HostileAnswer {
        const char *name;
        int status;
        const char *body;
        size_t size;
        const char *crc32;
        StoreOutcome outcome; /* of a read */
        const char *says;
} HostileAnswer;

#define BROKEN(name, body, says) { name, 200, body, sizeof(body) - 1, NULL, STORE_RETRY, says }
#define NO_LOCK(name, body, says) { name, 200, body, sizeof(body) - 1, NULL, STORE_UNCLEAR, says }
#define STATUS(name, status, body, says) { name, status, body, sizeof(body) - 1, NULL, STORE_RETRY, says }

static const HostileAnswer hostile_answers[] = {
        BROKEN("empty", "", "the answer is empty"),
        BROKEN("blank", " \r\n", "the answer is empty"),
        BROKEN("HTML", "\n<!DOCTYPE html><html></html>", "the answer is a page for people"),
        BROKEN("plain text", "It works!", "the answer is no JSON object"),
        BROKEN("null", "null", "the answer is no JSON object"),
        BROKEN("a list", "[]", "the answer is no JSON object"),
        BROKEN("a string", "\"x\"", "the answer is no JSON object"),
        BROKEN("single quotes", "{'Item':{}}", "the answer is no JSON;"),
        BROKEN("a comma too many", "{\"Item\":{" OURS "},}", "the answer is no JSON;"),
        BROKEN("NaN", ITEM(ORIGINAL ",\"x\":NaN"), "the answer is no JSON;"),
        BROKEN("a comment", "{/**/\"Item\":{" OURS "}}", "the answer is no JSON;"),
        BROKEN("cut", "{\"Item\":{" OURS "}", "the answer is cut off"),
        BROKEN("cut at once", "{", "the answer is cut off"),
        BROKEN("more behind it", ITEM(OURS) "x", "the answer has something behind its end"),
        BROKEN("two answers", "{}{}", "the answer has something behind its end"),
        BROKEN("a NUL behind it", "{}\0", "the answer has bytes in it that are no text"),
        BROKEN("a NUL within", "{\"Item\":{" ORIGINAL ",\"a\":{\"S\":\"x\0y\"}}}",
               "the answer has bytes in it that are no text"),
        BROKEN("no UTF-8", ITEM(ORIGINAL ",\"note\":{\"S\":\"\xff\xfe\"}"),
                "the answer has bytes in it that are no text"),
        BROKEN("UTF-16", "\xff\xfe{\0}\0", "the answer has bytes in it that are no text"),
        BROKEN("gzip", "\x1f\x8b\x08\0\0\0\0\0\0\x03\xab\xae\x05\0\x43\xbf\xa6\xa3\x02\0\0\0",
                "the answer is compressed"),
        BROKEN("deep", ITEM(ORIGINAL ",\"x\":" HUNDRED(TEN_LISTS) HUNDRED(TEN_ENDS)),
                "the answer is nested too deeply"),
        BROKEN("an attribute twice", ITEM(OURS ",\"holder\":{\"S\":\"node2\"}"), "the answer says something twice"),
        BROKEN("two items", "{\"Item\":{" OURS "},\"Item\":{" ORIGINAL "}}", "the answer says something twice"),
        BROKEN("item null", "{\"Item\":null}", "answered with another item"),
        BROKEN("item a list", "{\"Item\":[]}", "answered with another item"),
        BROKEN("item empty", "{\"Item\":{}}", "answered with another item"),
        BROKEN("another label", ITEM("\"label\":{\"S\":\"other\"},\"holder\":{\"S\":\"h\"}"),
                "answered with another item"),
        BROKEN("label a number", ITEM("\"label\":{\"N\":\"1\"}"), "answered with another item"),
        BROKEN("label with a NUL", ITEM("\"label\":{\"S\":\"validator\\u0000\"}"), "answered with another item"),
        BROKEN("no label", ITEM("\"holder\":{\"S\":\"x\"}"), "answered with another item"),
        BROKEN("UpdateItem's answer", "{\"Attributes\":{" OURS "}}", "answers something else than"),
        BROKEN("DescribeTable's answer", "{\"Table\":{\"TableName\":\"locks\"}}", "answers something else than"),
        BROKEN("a message", "{\"Message\":\"hello\"}", "answers something else than"),
        BROKEN("an error with 200", "{\"__type\":\"x#ResourceNotFoundException\"}", "answers something else than"),
        BROKEN("lower case", "{\"item\":{" OURS "}}", "answers something else than"),
        { "damaged", 200, "{}", 2, "2745614148", STORE_RETRY, "arrived damaged (x-amz-crc32)" },
        { "no checksum", 200, "{}", 2, "", STORE_RETRY, "arrived damaged (x-amz-crc32)" },
        { "negative checksum", 200, "{}", 2, "-1", STORE_RETRY, "arrived damaged (x-amz-crc32)" },
        STATUS("no content", 204, "", "HTTP status 204"),
        STATUS("partial content", 206, ITEM(OURS), "HTTP status 206"),
        STATUS("moved", 301, "{}", "HTTP status 301 instead of an answer of DynamoDB in eu-central-1: redirects"),
        STATUS("sent elsewhere", 307, ITEM(OURS),
                "HTTP status 307 instead of an answer of DynamoDB in eu-central-1: redirects"),
        STATUS("an item with 400", 400, ITEM(OURS), "HTTP status 400"),
        STATUS("an item with 500", 500, ITEM(OURS), "HTTP status 500"),
        STATUS("a condition of a read", 400, "{\"__type\":\"ConditionalCheckFailedException\"}", "another version"),

        NO_LOCK("nothing but the label", ITEM(LABEL), "is missing)"),
        NO_LOCK("no version", ITEM(WITHOUT_VERSION), "(its version is missing)"),
        NO_LOCK("empty version", ITEM(WITHOUT_VERSION ",\"version\":{\"S\":\"\"}"), "(its version is empty)"),
        NO_LOCK("long version", ITEM(WITHOUT_VERSION ",\"version\":{\"S\":\"" TWENTY TWENTY TWENTY "xxxxx\"}"),
                "(its version is too long)"),
        NO_LOCK("version a number", ITEM(WITHOUT_VERSION ",\"version\":{\"N\":\"1\"}"), "(its version is no string)"),
        NO_LOCK("version null", ITEM(WITHOUT_VERSION ",\"version\":null"), "(its version is no string)"),
        NO_LOCK("NULs in it", WITH_HOLDER("{\"S\":\"a\\u0000b\"}"), "(its holder can't be read)"),
        NO_LOCK("holder for a terminal", WITH_HOLDER("{\"S\":\"a\\u001b[2J\"}"),
                "(its holder has control characters in it)"),
        NO_LOCK("two types", WITH_HOLDER("{\"S\":\"h\",\"N\":\"1\"}"), "(its holder is no string)"),
        NO_LOCK("no type", WITH_HOLDER("\"h\""), "(its holder is no string)"),
        NO_LOCK("type of another type", WITH_HOLDER("{\"S\":1}"), "(its holder can't be read)"),
        NO_LOCK("time empty", WITH_EXPIRY("\"\""), "(its expire_time is no whole number)"),
        NO_LOCK("time a fraction", WITH_EXPIRY("\"1.5\""), "(its expire_time is no whole number)"),
        NO_LOCK("time 1e400", WITH_EXPIRY("\"1e400\""), "(its expire_time is no whole number)"),
        NO_LOCK("bare 1e400", WITH_EXPIRY("1e400"), "(its expire_time can't be read)"),
        NO_LOCK("time of 40 digits", WITH_EXPIRY("\"1234567890123456789012345678901234567890\""),
                "(its expire_time is too large)"),
        NO_LOCK("time minus 40 digits", WITH_EXPIRY("\"-1234567890123456789012345678901234567890\""),
                "(its expire_time is too large)"),
        NO_LOCK("bare 40 digits", WITH_EXPIRY("1234567890123456789012345678901234567890"),
                "(its expire_time can't be read)"),
        NO_LOCK("time past 64 bits", WITH_EXPIRY("\"9223372036854775808\""), "(its expire_time is too large)"),
        NO_LOCK("time below 64 bits", WITH_EXPIRY("\"-9223372036854775808\""), "(its expire_time is too large)"),
        NO_LOCK("two signs", WITH_EXPIRY("\"--1\""), "(its expire_time is no whole number)"),
        NO_LOCK("hexadecimal", WITH_EXPIRY("\"0x1\""), "(its expire_time is no whole number)"),
        NO_LOCK("blanks", WITH_EXPIRY("\" 1\""), "(its expire_time is no whole number)"),
        NO_LOCK("host too long", ITEM(ORIGINAL ",\"host\":{\"S\":\"" HOST "0\"}"), "(its host is too long)"),
        NO_LOCK("lease a string", ITEM(ORIGINAL ",\"lease_ms\":{\"S\":\"1800000\"}"), "(its lease_ms is no number)"),
        NO_LOCK("fence negative", ITEM(ORIGINAL ",\"fence\":{\"N\":\"-1\"}"), "(its fence is negative)"),
        NO_LOCK("fence past 64 bits", ITEM(ORIGINAL ",\"fence\":{\"N\":\"18446744073709551616\"}"),
                "(its fence is too large)"),
        NO_LOCK("bare fence", ITEM(ORIGINAL ",\"fence\":{\"N\":1}"), "(its fence can't be read)"),
};
