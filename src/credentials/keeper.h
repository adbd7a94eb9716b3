/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Keeps the keys of the place that decides, and has them renewed; credentials.c answers questions with them. */

#include "source.h"

typedef struct Keeper Keeper;

/* Called, from the event loop, where what was being fetched has come, or has failed. */
typedef void (*KeeperHandler)(void *userdata);

int keeper_new(sd_event *event, Http *http, const CredentialsConfig *config, KeeperHandler changed, void *userdata,
               Keeper **ret);
Keeper *keeper_free(Keeper *keeper);

typedef enum KeeperState {
        KEEPER_READY,  /* keeper_answer() has what there is to say */
        KEEPER_URGENT, /* likewise, but better keys are being fetched, and are worth a short wait */
        KEEPER_WAIT,   /* there is nothing to say before the fetch has ended */
} KeeperState;

/* Looks along the chain, and begins to fetch where that is due. A KeeperState, or a negative errno. */
int keeper_look(Keeper *keeper);

#define KEEPER_SOURCE_MAX (SOURCE_TEXT_MAX + CREDENTIALS_ERROR_MAX + 64)

/* What can be said now; the keys are valid until the loop turns. `source_buf` becomes its `source`. */
void keeper_answer(Keeper *keeper, char source_buf[static KEEPER_SOURCE_MAX], CredentialsAnswer *ret);

void keeper_refused(Keeper *keeper);
