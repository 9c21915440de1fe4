/* The text of `bypath trace`: each packet, step by step. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/texts.h"

#define STEP_STOPS "10> 19> 22 36"
#define TEXT_AT    35u
#define TEXT       "                                   "

/* What changed in the headers: bytes put in, taken out, or others in their place. */
#define EDITED(is, text) TEXT "{?edit}" is text
#define AT               "bytes at {edit.at}: "

#define VERDICT                                                                                               \
	"[{?dropped}dropped: {dropped.reason}, {dropped.meaning}|[{?ports}to {ports}][{?ports}{?next}, and ]" \
	"[{?next}goes on]]"

static const struct bp_part copy[] = {
	{ .line = TEXT "{by=unknown}copies not modelled: {why}", .indent = TEXT_AT },
	{ .line = TEXT
	  "{copies:–} [{by=kernel}K|U][{?copies.hi}, {bytes:,} bytes], {provenance}[ · {from} → {to}][ · "
	  "{place}][ · {mover}]",
	  .indent = TEXT_AT },
};

static const struct bp_part step[] = {
	{ .line = "{step=rx}\t{at_ns:,}\t{ns:,}\treceived\t{port} queue {queue} by worker {worker}, {bytes:,} "
		  "bytes[{burst_packets!1}, one of {burst_packets} in {burst_ns:,} ns]",
	  .stops = STEP_STOPS },
	{ .line = "{step=edit}\t{at_ns:,}\t{ns:,}\t{function}\tchanges it", .stops = STEP_STOPS },
	{ .line = "{step=function}\t{at_ns:,}\t{ns:,}\t{function}\t{type}: " VERDICT,
	  .stops = STEP_STOPS },
	{ .line = "{step=tx}\t{at_ns:,}\t{ns:,}\t[{?packets}sent|dropped]\tto {port}[ by the hop {hop}], queue {queue}: "
		  "[{?is_copy}a copy, ]{bytes:,} bytes[{?held}, {held} held there]",
	  .stops = STEP_STOPS },
	{ .line = EDITED("{edit.removed=0}", "+{edit.added} " AT "{edit.new}"), .indent = TEXT_AT },
	{ .line = EDITED("{edit.added=0}", "−{edit.removed} " AT "{edit.old}"), .indent = TEXT_AT },
	{ .line = EDITED("{edit.removed!0}{edit.added!0}",
			 "{edit.removed} " AT "{edit.old} → {edit.new}"),
	  .indent = TEXT_AT },
	{ .line = TEXT
	  "{step=tx}{?dropped}[{dropped.packets!1}{dropped.packets} of them dropped by |dropped by ]{dropped.by}: "
	  "{dropped.reason}, {dropped.meaning}",
	  .indent = TEXT_AT },
	{ .line = TEXT "{?segments}cut into {segments} packets", .indent = TEXT_AT },
	{ .line = TEXT "{?checksums}checksum completed", .indent = TEXT_AT },
	{ .rows = "copies", BP_PARTS(copy) },
	{ .line = TEXT
	  "{?calls}[{calls=1}1 system call|{calls} system calls], {call_ns:,} ns, counted",
	  .indent = TEXT_AT },
};

static const struct bp_part packet[] = {
	{ .line = "" },
	{ .line = "━━ packet {number} · [{steps.0.port}|?] → [{ends:;}|?] \t", .stops = "99━" },
	{ .line = "   {time} · {bytes:,} bytes[{views!1} in {views} views][{?meta.segment_bytes}, a super-frame of "
		  "{meta.segment_bytes} bytes a segment][{?meta.partial_checksum}, checksum left over]",
	  .indent = 3 },
	{ .line = "   {headers}", .indent = 3 },
	{ .line = "\tat ns\tns\tstep", .stops = STEP_STOPS },
	{ .rows = "steps", BP_PARTS(step) },
	{ .line = "   {?lost_steps}{lost_steps} more steps, for which there was no room: trace fewer packets",
	  .indent = 3 },
};

static const struct bp_part parts[] = {
	{ .line = "TRACE · {instance} · {seen} of {wanted} packets[ received at {port}][ that match {filter}][{ended=time}, in "
		  "{for_s:.3} s][{ended=interrupted}, interrupted][{?aborted}, ended by a reload]",
	  .indent = 4 },
	{ .line = "{?carried_ports}not seen: packets of {carried_ports}, which a driver carries in the kernel",
	  .indent = 4 },
	{ .line = "K copied by the kernel · U copied in user space · each is the whole payload, once · at: since its burst was "
		  "asked for · received: the burst's time by its packets",
	  .needs = "{?packets}",
	  .indent = 4 },
	{ .rows = "packets", BP_PARTS(packet) },
};

const struct bp_text bp_text_trace = { "bypath.trace/1", BP_PARTS(parts), .columns = 118 };
