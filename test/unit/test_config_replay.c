/* What a port that plays a capture may be told, and what contradicts itself: the exact message. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "config_case.h"

#include <string.h>

#define CASE(case_name, text, ...)                          \
	{                                                   \
		.name = case_name, .ini = text, __VA_ARGS__ \
	}
#define PLAYS(lines)                                                                              \
	"[port.a]\ndriver = pcap\ndevice = a.pcap\n" lines "[port.b]\ndriver = null\n[forward]\n" \
	"a = b\n"
#define UNTIL "[engine]\nuntil = replayed\n"

static const struct config_case ends[] = {
	CASE("a_capture_ends", PLAYS("") UNTIL),
	CASE("a_loop_ends_with_its_count", PLAYS("loop = yes\ncount = 5\n") UNTIL),
	CASE("a_loop_never_ends", PLAYS("loop = yes\n") UNTIL,
	     .errors = "@:4: [port.a] loop: found 'yes' beside [engine] until = replayed: it "
		       "never ends; give the port a count\n"),
	CASE("nothing_is_played", TWO_PORTS UNTIL,
	     .errors = "@:8: [engine] until: found 'replayed', but no capture is played: forward "
		       "from a pcap port with mode = read, or delete the line\n"),
	CASE("a_bad_mode_is_said_once", PLAYS("mode = raed\n") UNTIL,
	     .errors = "@:4: [port.a] mode: found «raed», allowed: read | write | live; did you "
		       "mean «read»?\n"),
};

static void a_run_that_ends_with_its_captures_has_one_that_ends(void **state)
{
	(void)state;
	run_cases(ends, sizeof(ends) / sizeof(ends[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_run_that_ends_with_its_captures_has_one_that_ends),
	};

	return cmocka_run_group_tests_name("config-replay", tests, NULL, NULL);
}
