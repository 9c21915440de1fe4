/* What a port that plays a capture may be told, and what contradicts itself: the exact message. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../drivers/pcap/describe.h"

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
		       "never ends; give the port rounds or a count\n"),
	CASE("nothing_is_played", TWO_PORTS UNTIL,
	     .errors = "@:8: [engine] until: found 'replayed', but no capture is played: forward "
		       "from a port that plays one (driver = pcap), or delete the line\n"),
	CASE("a_bad_mode_is_said_once", PLAYS("mode = raed\n") UNTIL,
	     .errors = "@:4: [port.a] mode: found 'raed', allowed: read | write | live; did you "
		       "mean 'read'?\n"),
};

static const struct config_case rounds[] = {
	CASE("rounds_of_either_word", PLAYS("loop = yes\nrounds = 3\n") UNTIL),
	CASE("rounds_alone", PLAYS("rounds = 4294967295\nround_delay = 0.25\n") UNTIL),
	CASE("one_round_is_no_loop", PLAYS("loop = no\nrounds = 1\n")),
	CASE("rounds_against_loop", PLAYS("loop = no\nrounds = 2\n"),
	     .errors = "@:5: [port.a] rounds: found '2' beside loop = no: the two contradict each "
		       "other; delete one\n"),
	CASE("too_many_rounds", PLAYS("rounds = 4294967296\n"),
	     .errors = "@:4: [port.a] rounds: found '4294967296', allowed: 0..4294967295 rounds, "
		       "0: as loop says\n"),
	CASE("a_delay_between_one", PLAYS("round_delay = 1\n"),
	     .errors = "@:4: [port.a] round_delay: found a time between rounds, but there is one "
		       "round: set rounds, or loop = yes\n"),
	CASE("a_delay_is_no_number", PLAYS("loop = yes\nround_delay = nan\n"),
	     .errors = "@:5: [port.a] round_delay: found 'nan', allowed: seconds, 0..1e9, a "
		       "fraction is allowed, as 30s or 0.5\n"),
	CASE("of_a_file_that_is_written",
	     "[port.a]\ndriver = null\n[port.b]\ndriver = pcap\n"
	     "device = b.pcap\nmode = write\nrounds = 2\n[forward]\n"
	     "a = b\n",
	     .errors =
		     "@:7: [port.b] rounds: found '2', but driver pcap knows this key with mode = "
		     "read only, and the mode is write; delete the line\n"),
	CASE("of_another_driver", "[port.a]\ndriver = null\nmax_gap = 2\n[forward]\na = a\n",
	     .errors = "@:3: [port.a] max_gap: found '2', but driver null does not know this key; "
		       "drivers that do: pcap; delete the line\n"),
};

#define FACTOR(value)                                                                           \
	CASE("speed_" value, PLAYS("speed = " value "\n"),                                      \
	     .errors = "@:4: [port.a] speed: found '" value "', allowed: 0.000001..1000000, a " \
		       "fraction is allowed\n")

static const struct config_case paces[] = {
	CASE("slowest_and_longest", PLAYS("speed = 0.000001\nmax_gap = 1000000000\n")),
	CASE("fastest", PLAYS("speed = 1000000\npace = recorded\n")),
	FACTOR("0"),
	FACTOR("0.0000009"),
	FACTOR("1000000.5"),
	FACTOR("-1"),
	FACTOR("inf"),
	FACTOR("nan"),
	FACTOR("1e3"),
	FACTOR("2x"),
	CASE("speed_of_another_pace", PLAYS("pace = max\nspeed = 2\nmax_gap = 1\n"),
	     .errors = "@:5: [port.a] speed: changes the recorded pace, but pace = max sets "
		       "another: delete one of the two\n"
		       "@:6: [port.a] max_gap: changes the recorded pace, but pace = max sets "
		       "another: delete one of the two\n"),
	CASE("speed_beside_a_rate", PLAYS("rate_pps = 10\nspeed = 2\n"),
	     .errors = "@:5: [port.a] speed: changes the recorded pace, but rate_pps sets another: "
		       "delete one of the two\n"),
};

#define MAC(value)                                                                                 \
	CASE("mac_" value, PLAYS("dst_mac = " value "\n"),                                         \
	     .errors = "@:4: [port.a] dst_mac: found '" value "', allowed: a unicast MAC address " \
		       "as 02:00:00:00:00:01\n")

static const struct config_case frames[] = {
	CASE("padded_frames_between_two_hosts",
	     PLAYS("truncated = pad\ndst_mac = 02:00:00:00:00:02\nsrc_mac = 0A:00:00:00:00:ff\n")),
	MAC("03:00:00:00:00:01"),
	MAC("ff:ff:ff:ff:ff:ff"),
	MAC("02:00:00:00:00"),
	MAC("02:00:00:00:00:0g"),
	MAC("02:00:00:00:00:01-02:00:00:00:00:02"),
	CASE("tags_and_addresses", PLAYS("vlan = 4094\nloop = yes\nround_shift = 16777215\n")),
	CASE("no_tag", PLAYS("strip_vlan = yes\nvlan = 0\n")),
	CASE("a_tag_and_none", PLAYS("strip_vlan = yes\nvlan = 7\n"),
	     .errors = "@:4: [port.a] strip_vlan: found 'yes' beside vlan = 7: the two contradict "
		       "each other; delete one\n"),
	CASE("no_such_tag", PLAYS("vlan = 4095\n"),
	     .errors = "@:4: [port.a] vlan: found '4095', allowed: 0..4094, 0: as recorded\n"),
	CASE("other_addresses_for_no_round", PLAYS("rounds = 1\nround_shift = 256\n"),
	     .errors = "@:5: [port.a] round_shift: is about further rounds, but there is one: set "
		       "rounds, or loop = yes\n"),
	CASE("too_far", PLAYS("rounds = 2\nround_shift = 16777216\n"),
	     .errors = "@:5: [port.a] round_shift: found '16777216', allowed: 0..16777215 "
		       "addresses, 0: the same in each round\n"),
	CASE("another_word", PLAYS("truncated = yes\n"),
	     .errors = "@:4: [port.a] truncated: found 'yes', allowed: drop | pad\n"),
};

static void one_address_for_all_frames(void **state)
{
	const struct bp_pcap_conf *pcap;
	struct bp_conf conf;

	(void)state;
	run_cases(frames, sizeof(frames) / sizeof(frames[0]));
	load_right(PLAYS("src_mac = 0A:00:00:00:00:ff\n"), NULL, &conf);
	pcap = bp_pcap_conf(&conf.ports[0]);
	assert_false(pcap->dst_mac.is_given);
	assert_true(pcap->src_mac.is_given);
	assert_memory_equal(pcap->src_mac.bytes, "\x0a\0\0\0\0\xff", 6);
	assert_false(pcap->pads_truncated);
}

static void rounds_do_not_contradict_loop(void **state)
{
	(void)state;
	run_cases(rounds, sizeof(rounds) / sizeof(rounds[0]));
}

static void what_changes_the_recorded_pace_needs_it(void **state)
{
	(void)state;
	run_cases(paces, sizeof(paces) / sizeof(paces[0]));
}

/* What a frame may be told, streams know as well. */
static const struct config_case elsewhere[] = {
	CASE("a_key_of_two_sections", TWO_PORTS "[engine]\nvlan = 5\n",
	     .errors = "@:8: [engine] vlan: unknown key here: it belongs in [port.NAME] or "
		       "[stream.NAME]\n"),
	CASE("a_key_of_one", TWO_PORTS "[engine]\nround_shift = 5\n",
	     .errors = "@:8: [engine] round_shift: unknown key here: it belongs in [port.NAME]\n"),
};

static void a_key_in_the_wrong_place_is_told_its_own(void **state)
{
	(void)state;
	run_cases(elsewhere, sizeof(elsewhere) / sizeof(elsewhere[0]));
}

static void a_run_that_ends_with_its_captures_has_one_that_ends(void **state)
{
	(void)state;
	run_cases(ends, sizeof(ends) / sizeof(ends[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_run_that_ends_with_its_captures_has_one_that_ends),
		cmocka_unit_test(one_address_for_all_frames),
		cmocka_unit_test(a_key_in_the_wrong_place_is_told_its_own),
		cmocka_unit_test(rounds_do_not_contradict_loop),
		cmocka_unit_test(what_changes_the_recorded_pace_needs_it),
	};

	return cmocka_run_group_tests_name("config-replay", tests, NULL, NULL);
}
