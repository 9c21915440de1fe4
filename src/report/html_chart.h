/* The frame that the charts of an HTML report have in common: panels, scales, labels. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_REPORT_HTML_CHART_H
#define BYPATH_REPORT_HTML_CHART_H

#include "report/html_page.h"

/*
 * Charts are as wide as the screen lets them: along x everything is in percent of the plot, along y
 * and for text in pixels, so that letters are of one size on any screen.
 */
struct bp_html_axis {
	double lo, hi;
	bool is_log;
	bool is_whole; /* ticks at whole numbers only */
};

enum {
	BP_HTML_BAR_PX = 12,
	BP_HTML_LINE_PX = 21, /* from one bar to the next */
	BP_HTML_BAR_AT_PX = 4, /* of the bar in its line */
};

/* A chart with a line per path and size. */
struct bp_html_chart {
	const char *id, *title, *unit;
	bool is_log, is_whole;
	/* This key decides the figure: where all sizes of a path agree in it, one line does. NULL: none. */
	const char *same_key;
	/* The figures' range; false: not measured. */
	bool (*range)(const json_t *row, double *lo, double *hi);
	/* The line's marks, at y px. */
	void (*draw)(const struct bp_html_page *page, const json_t *row,
		     const struct bp_html_axis *axis, int y);
	/* The figure in words, at the marks' end and for readers that see no picture. */
	void (*label)(FILE *out, const json_t *row);
	/* The label of a tick. */
	void (*tick)(FILE *out, double value);
};

/* One panel per group, side by side where there is room. */
void bp_html_panels(const struct bp_html_page *page, const struct bp_html_chart *chart);

/* Where value stands, in percent; within 0 to 100. */
double bp_html_at(const struct bp_html_axis *axis, double value);
/* An axis for values up to hi (and from lo, if logarithmic), its ends on ticks. */
struct bp_html_axis bp_html_axis(double lo, double hi, bool is_log);
/* Writes up to max ticks of the axis, returns how many. */
unsigned bp_html_ticks(const struct bp_html_axis *axis, double *ticks, unsigned max);

void bp_html_rect(FILE *out, const char *class, double from, double to, int y, int height);
void bp_html_vertical(FILE *out, const char *class, double at, int y, int height);
void bp_html_horizontal(FILE *out, const char *class, double from, double to, int y);

extern const struct bp_html_chart bp_html_throughput;
extern const struct bp_html_chart bp_html_time;
extern const struct bp_html_chart bp_html_copies;
extern const struct bp_html_chart bp_html_latency;

/* One small picture per path with trials. */
void bp_html_loss(const struct bp_html_page *page);
bool bp_html_has_trials(const struct bp_html_page *page);

/* The patterns that say a figure's provenance; once per page, before the charts. */
void bp_html_patterns(FILE *out);
/* "counted" as "counted", "modelled" as "modelled", anything else as "reported". */
const char *bp_html_provenance_class(const char *provenance);

#endif
