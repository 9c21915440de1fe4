/* Well-formed UTF-8: what JSON and pages may hold. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CORE_UTF8_H
#define BYPATH_CORE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Length of the valid UTF-8 sequence that text (not empty) begins with, 1 to 4; 0: not valid. */
size_t bp_utf8_bytes(const char *text);

/* Is text, up to its end, valid UTF-8? */
bool bp_utf8_valid(const char *text);

/* Length of the control character (C0, DEL, C1) that text, valid UTF-8, begins with, 1 or 2; 0: another one, or it is empty. */
size_t bp_utf8_control_bytes(const char *text);

/* Does text, valid UTF-8, have a control character, as those that move a terminal's cursor? */
bool bp_utf8_has_control(const char *text);

/* Put '?' for every byte that belongs to no well-formed sequence. Host and file names, and what others
 * print, are bytes of any kind; a text that was cut may end within a character. */
void bp_utf8_clean(char *text);

#endif
