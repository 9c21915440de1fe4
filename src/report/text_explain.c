/* The text of `bypath explain`: each path drawn from domain to domain. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/texts.h"

#define WIDTH     100u
#define DETAIL_AT 24u /* "moved by": what is said of a hop stands below that */
#define DETAIL    "                        "

static const struct bp_column port_columns[] = {
	{ .heading = "port", .cell = "{name}", .align = 'l' },
	{ .heading = "driver", .cell = "{driver}", .align = 'l' },
	{ .heading = "effective mode", .cell = "{mode}", .align = 'l' },
	{ .heading = "device", .cell = "{device}", .align = 'l', .width = 41 },
	{ .heading = "behind", .cell = "{device_driver}", .align = 'l' },
};
static const struct bp_view ports = {
	.name = "ports",
	.title = "PORTS · predicted",
	.rows = "ports",
	BP_COLUMNS(port_columns),
};

static const struct bp_column function_columns[] = {
	{ .heading = "function", .cell = "{name}", .align = 'l' },
	{ .heading = "type", .cell = "{type}", .align = 'l' },
	{ .heading = "what it does", .cell = "{summary}", .align = 'l' },
};
static const struct bp_view functions = {
	.name = "functions",
	.title = "FUNCTIONS",
	.rows = "functions",
	BP_COLUMNS(function_columns),
};

/* ---- a path ------------------------------------------------------------------------------------ */

/* "─1K▸ shared" */
#define ARROW                                                                                           \
	" ─[{!modelled}?|{?kernel_copies.value.hi}{kernel_copies.value:–}K|{?user_copies.value.hi}" \
	"{user_copies.value:–}U|]▸ [{to}|?]"

#define COPIES                                                                                       \
	"[{!modelled}?|{?kernel_copies.value.hi}{kernel_copies.value:–} K|{?user_copies.value.hi}" \
	"{user_copies.value:–} U|0]"

#define CALL                                                                                          \
	"[{!modelled}?|{system_call.per=idle}0 ({system_call.name} if idle)|{system_call.per=wakeup}" \
	"{system_call.name} / wake-up|{system_call.name} / {system_call.per}|0]"

#define HOP_STOPS "4> 6 24 79> 82"

static const struct bp_part hop[] = {
	{ .line = "\t{@}\t[{from} → {to}|?]\t[{mover}|not modelled]\t" COPIES "\t" CALL,
	  .stops = HOP_STOPS },
	{ .line = DETAIL "[{place} · ]{why}[ · {source}]", .indent = DETAIL_AT },
};

/* System calls per packet: "1 + 2/B". */
#define CALLS "modelled.crossings."
#define FORMULA                                                                         \
	"[{!modelled}?|{" CALLS "per_packet:+}[ + {" CALLS "per_batch:+}/B][{?" CALLS   \
	"on_wakeup} + "                                                                 \
	"wake-ups]|{" CALLS "per_batch:+}/B[{?" CALLS "on_wakeup} + wake-ups]|{?" CALLS \
	"on_wakeup}"                                                                    \
	"wake-ups|0]"

#define OWN     "modelled.user_copies_by_bypath"
#define LIBRARY "modelled.user_copies_in_libraries"

#define SUM_STOPS "24 40"

#define GROUP "{in} → [{via} → ]" BP_FEW_OUTS

static const struct bp_part drawn[] = {
	{ .line = "\t#\tfrom → to\tmoved by\tcopies\tsystem calls", .stops = HOP_STOPS },
	{ .rows = "hops", .needs = "{side=rx}", BP_PARTS(hop) },
	{ .line = "{?carried}  ──  bypath carries it there by its program, counts it, touches no byte[{/engine.mode=macswap}: "
		  "the program swaps the MAC addresses]" },
	{ .line = "{!carried}{?via}  ──  bypath, through {via}: it may be changed in place or dropped, not copied[; then the "
		  "MAC addresses are swapped{/engine.mode=macswap}]|{!carried}  ──  bypath, mode [{/engine.mode=io}io: passes "
		  "the view on[{!offload}, touches no byte]|{/engine.mode}: swaps the MAC addresses in place, no copy]" },
	{ .line = DETAIL "{offload}", .indent = DETAIL_AT },
	{ .rows = "hops", .needs = "{side=tx}", BP_PARTS(hop) },
	{ .line = "  ════════════════════ per packet" },
	{ .line = "{!modelled}      not modelled: a side of this path is unknown, so no sum is given" },
	{ .line = "      kernel copies\t{modelled.kernel_copies:–}\tmodelled", .stops = SUM_STOPS },
	{ .line = "      user copies\t{modelled.user_copies:–}\t[{!modelled.user_copies.hi}a run counts what "
		  "bypath copies|[{?" OWN ".hi}{" OWN
		  ":–} by bypath, which a run counts][{?" LIBRARY ".hi}[{?" OWN ".hi}; ]{" LIBRARY
		  ":–} inside the PMD, modelled]]",
	  .stops = SUM_STOPS },
	{ .line = "{?modelled}      crossings\t" FORMULA "\t[{?" CALLS
		  "per_batch}B: packets per call; a run "
		  "counts both|a run counts them]",
	  .stops = SUM_STOPS },
};

static const struct bp_part probed[] = {
	{ .line = "      kernel copies\t[{!is_all}≥ ]{kernel_copies:.2}\tprobed[{?^outs.1}, to {out}]: {rx:.2} rx, "
		  "{tx:.2} tx; [{finding}|{!is_all}not all was seen: {why}|{?^modelled}as modelled|a side is not modelled]",
	  .stops = SUM_STOPS,
	  .indent = 40 },
};

static const struct bp_part path[] = {
	{ .line = "" },
	{ .line = "━━ " GROUP " \t", .stops = "99━" },
	{ .line = "{?outs.4}   to {outs}", .indent = 6 },
	{ .line = "   [{hops.0.from}|?]<hops:{side=rx}" ARROW "> ┃bypath┃<hops:{side=tx}" ARROW ">",
	  .indent = 3 },
	{ .line = "" },
	{ .line = "   the same hops, figures and system calls as {same_as.in} → {same_as.out}" },
	{ .needs = "{!same_as}", BP_PARTS(drawn) },
	{ .line = "      a further port\t+{replica.user_copies_more:–} U\ta copy, which a run counts "
		  "there[ ({replica.place})]",
	  .stops = SUM_STOPS },
	{ .rows = "probed", BP_PARTS(probed) },
};

/* ---- all of it --------------------------------------------------------------------------------- */

static const struct bp_column sum_columns[] = {
	{ .heading = "path", .cell = GROUP, .align = 'l' },
	{ .heading = "kernel copies", .cell = "{modelled.kernel_copies:–}|?" },
	{ .heading = "user copies", .cell = "{modelled.user_copies:–}|?" },
	{ .heading = "crossings", .cell = FORMULA, .align = 'l' },
};
static const struct bp_view sums = {
	.name = "sums",
	.title = "PATHS · per packet · modelled",
	.rows = "path_groups",
	.needs = "{?/path_groups.1}",
	BP_COLUMNS(sum_columns),
};

static const struct bp_part parts[] = {
	{ .line = "{file}: where each packet's bytes go\n"
		  "Predicted from the configuration and the interfaces' drivers: no port was opened.\n"
		  "K copied by the kernel (modelled) · U copied in user space · each is the whole payload, "
		  "once." },
	{ .view = &ports },
	{ .line = "  note on {name}: {note}", .rows = "ports", .indent = 4 },
	{ .view = &functions },
	{ .rows = "path_groups", BP_PARTS(path) },
	{ .line = "{!paths}\nNo path: \\[forward\\] names none." },
	{ .view = &sums },
};

const struct bp_text bp_text_explain = { "bypath.explain/1", BP_PARTS(parts), .columns = WIDTH };
