/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Where the program of a command is, by the rules of execvp(3). */

/* An absolute path, newly allocated. 0; -ENOENT: there is none; -EACCES: it can't be executed; another errno. */
int run_find_program(const char *name, const char *search_path, const char *directory, char **ret);
