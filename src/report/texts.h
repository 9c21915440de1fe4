/* The texts of all kinds of documents. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_REPORT_TEXTS_H
#define BYPATH_REPORT_TEXTS_H

#include "report/view.h"

#define BP_COLUMNS(array) .columns = array, .n_columns = sizeof(array) / sizeof((array)[0])
#define BP_PARTS(array)   .parts = array, .n_parts = sizeof(array) / sizeof((array)[0])

/* Of a row of path_groups: where packets may go, one port, or several of which packets make the same hops. */
#define BP_FEW_OUTS "[{!outs.4}{outs}|{outs:#} ports]"

/* What [forward] says: port → functions → port; "p1 → sw" where sw picks one of several. */
#define BP_CELL_PATH "{in}[ → {via}][ → {out}]"

/* Of a port: its link, and who took the port out. */
#define BP_CELL_LINK                                                                                                       \
	"[{link=down}DOWN, ][{link=lost}LOST, ]down (set by {set_down_by})|{link=down}DOWN, as {held_for} is|{link=up}up|" \
	"{link=down}DOWN|{link=removed}removed|LOST"

extern const struct bp_view bp_view_build;
extern const struct bp_text bp_text_bind, bp_text_compare, bp_text_compare_diff, bp_text_drivers,
	bp_text_explain, bp_text_gen, bp_text_learning, bp_text_line_rate, bp_text_run,
	bp_text_search, bp_text_show, bp_text_trace, bp_text_watch;

#endif
