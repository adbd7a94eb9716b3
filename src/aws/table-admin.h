/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What an operator's commands ask of the table besides what the lock itself does: what it is like, whether each right
 * is there, a new table. Pure: bytes in, bytes out, as dynamodb.h. */

#include "dynamodb.h"
#include "table-answer.h"
#include "table-scan.h"

#define TABLE_ARN_MAX 512    /* 2048 bytes is IAM's limit; a table's is a third of this at most */
#define TABLE_STATUS_MAX 40  /* the longest there is has 35 characters */

typedef enum AdminOperation {
        ADMIN_READ,            /* GetItem of the lock's item */
        ADMIN_PROBE_WRITE,     /* UpdateItem of it, on a condition that can't hold: tells of the right, writes nothing */
        ADMIN_DESCRIBE,        /* DescribeTable */
        ADMIN_DESCRIBE_TTL,    /* DescribeTimeToLive */
        ADMIN_DESCRIBE_GLOBAL, /* DescribeGlobalTable */
        ADMIN_CREATE,          /* CreateTable: on demand, key label (String), protected against deletion */
        ADMIN_SCAN,            /* Scan: a page of all items; the first, unless store_admin_scan() asks for another */
        ADMIN_PROTECT,         /* UpdateTable: protects it against deletion */
        _ADMIN_OPERATION_MAX,
} AdminOperation;

typedef enum AdminResult {
        ADMIN_DONE,
        ADMIN_DENIED,      /* the keys have no right to this operation */
        ADMIN_MISSING,     /* there is no such table */
        ADMIN_BUSY,        /* the table is being created, changed or deleted; of ADMIN_CREATE also: it is there */
        ADMIN_MISFIT,      /* the request does not fit the table: its key is another one */
        ADMIN_UNCLEAR,     /* of ADMIN_READ: the item is there, but no lock record */
        ADMIN_NO_KEYS,     /* nothing was sent: there are no keys */
        ADMIN_WRONG_KEYS,  /* they are not accepted */
        ADMIN_UNREACHABLE, /* no answer: `failure` says which kind of */
        ADMIN_FAILED,      /* whatever else */
} AdminResult;

/* Of a table, as DescribeTable, CreateTable and UpdateTable show it. */
typedef struct TableDescription {
        char status[TABLE_STATUS_MAX + 1]; /* "ACTIVE"; empty: not said */
        char arn[TABLE_ARN_MAX + 1];       /* empty: not said */
        bool is_protected;                 /* against deletion */
        bool is_on_demand;
} TableDescription;

typedef struct AdminReport {
        AdminOperation operation;
        AdminResult result;
        int64_t date_s;      /* Date header; 0: none */
        HttpFailure failure; /* of ADMIN_UNREACHABLE */
        char error[STORE_ERROR_MAX]; /* a sentence for a person unless ADMIN_DONE */
        TableDescription description; /* of DESCRIBE, CREATE, PROTECT */
        TableAnswer verdict;          /* of DESCRIBE, DESCRIBE_TTL, DESCRIBE_GLOBAL */
        bool has_record;              /* of READ */
        Record record;
        ScanPage *page;               /* of SCAN that is DONE; who gets the report frees it */
} AdminReport;

/* "dynamodb:GetItem" */
const char *admin_right(AdminOperation operation);

/* "DynamoDB_20120810.GetItem" */
const char *admin_target(AdminOperation operation);

/* The body of a request, the caller's to free. 0 or -ENOMEM. */
int admin_request(const DynamoDBContext *context, AdminOperation operation, char **ret);

/* Every field of *ret is set. */
void admin_answer(const DynamoDBContext *context, AdminOperation operation, const HttpAnswer *answer, AdminReport *ret);
