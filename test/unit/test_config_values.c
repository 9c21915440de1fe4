/* What the schema refuses in values, keys, sections: the exact message with line and remedy. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "../port_keys.h"

#include "config_case.h"

#include <string.h>

#define CASE(case_name, text, ...)                          \
	{                                                   \
		.name = case_name, .ini = text, __VA_ARGS__ \
	}
/* A switch, or another function, between two ports: its keys begin in line 10. */
#define NULLS       "[port.a]\ndriver = null\n[port.b]\ndriver = null\n[forward]\n"
#define SWITCH      NULLS "a = f\nb = f\n[function.f]\ntype = switch\n"
#define CHAIN(type) NULLS "a = f, b\n\n[function.f]\ntype = " type "\n"
#define PPS         "max, or 1pps..1000mpps, as 1000pps or 10kpps"
#define NUMERIC     "a number with pps, bps or bpsl1, k, m, g before them, as 100mbps"
#define SECTIONS \
	"engine, memory, metrics, log, alarm, port.NAME, forward, function.NAME, gen, stream.NAME, dpdk"

static const struct config_case sections_and_keys[] = {
	CASE("unknown_section_suggests_nearest", "[engin]\nmode = io\n" TWO_PORTS,
	     .errors = "@:1: [engin]: unknown section, allowed: " SECTIONS
		       "; did you mean 'engine'?\n"),
	CASE("unknown_section_far_from_all", "[qos]\nmode = io\n" TWO_PORTS,
	     .errors = "@:1: [qos]: unknown section, allowed: " SECTIONS "\n"),
	CASE("plural_port_section", "[ports.c]\ndriver = null\n" TWO_PORTS,
	     .errors = "@:1: [ports.c]: unknown section, allowed: " SECTIONS
		       "; did you mean 'port.c'?\n"),
	CASE("port_without_name", "[port]\ndriver = null\n" TWO_PORTS,
	     .errors = "@:1: [port]: unknown section, allowed: " SECTIONS
		       "; did you mean 'port.NAME'?\n"),
	CASE("port_with_empty_name", "[port.]\ndriver = null\n" TWO_PORTS,
	     .errors = "@:1: [port.]: found a port named '', allowed: 1..31 of a-z 0-9 _ -\n"),
	CASE("port_with_dot_in_name", "[port.a.b]\ndriver = null\n" TWO_PORTS,
	     .errors = "@:1: [port.a.b]: found a port named 'a.b', allowed: 1..31 of a-z 0-9 _ "
		       "-\n"),
	CASE("port_name_too_long", "[port.abcdefghijabcdefghijabcdefghij12]\n" TWO_PORTS,
	     .errors = "@:1: [port.abcdefghijabcdefghijabcdefghij12]: found a port named "
		       "'abcdefghijabcdefghijabcdefghij12', allowed: 1..31 of a-z 0-9 _ -\n"),
	CASE("unknown_key_suggests_nearest", TWO_PORTS "[memory]\nframse = 1024\n",
	     .errors = "@:8: [memory] framse: unknown key; did you mean 'frames'?\n"),
	CASE("unknown_port_key_suggests_nearest", TWO_PORTS "[port.c]\ndrvier = null\n",
	     .errors = "@:7: [port.c] driver: is missing: add 'driver = …', the I/O backend; "
		       "allowed: " DRIVERS "\n"
		       "@:7: [port.c]: is used nowhere: name it in [forward], or delete the "
		       "section\n"
		       "@:8: [port.c] drvier: unknown key; did you mean 'driver'?\n"),
	CASE("key_of_another_section", TWO_PORTS "[engine]\nhugepages = yes\n",
	     .errors = "@:8: [engine] hugepages: unknown key here: it belongs in [memory]\n"),
	CASE("key_of_a_port", TWO_PORTS "[engine]\nqueues = 2\n",
	     .errors = "@:8: [engine] queues: unknown key here: it belongs in [port.NAME]\n"),
	CASE("unknown_key_far_from_all", TWO_PORTS "[engine]\nzzz = 2\n",
	     .errors = "@:8: [engine] zzz: unknown key; bypath check --reference lists all\n"),
	CASE("key_of_another_driver",
	     "[port.a]\ndriver = null\ndevice = x\ntx = ring\nqdisc_bypass = no\n[forward]\n"
	     "a = a\n",
	     .errors =
		     "@:3: [port.a] device: found 'x', but driver null does not know this key; "
		     "drivers that do: " DRIVERS_WITH(
			     "device") "; delete the line\n"
				       "@:4: [port.a] tx: found 'ring', but driver null does not know this key; "
				       "drivers that do: af_packet; delete the line\n"
				       "@:5: [port.a] qdisc_bypass: found 'no', but driver null does not know this "
				       "key; drivers that do: af_packet; delete the line\n"),
	CASE("key_of_another_mode",
	     "[port.a]\ntx = ring\ndriver = af_packet\ndevice = eth0\nmode = socket\n[forward]\n"
	     "a = a\n",
	     .errors = "@:2: [port.a] tx: found 'ring', but driver af_packet knows this key with "
		       "mode = mmap only, and the mode is socket; delete the line\n"),
	CASE("mode_of_a_driver_without_modes",
	     "[port.a]\ndriver = null\nmode = copy\n[forward]\n"
	     "a = a\n",
	     .errors = "@:3: [port.a] mode: found 'copy', but driver null does not know this key; "
		       "drivers that do: " DRIVERS_WITH("mode") "; delete the line\n"),
};

static const struct config_case values[] = {
	CASE("letters_for_a_number", "[engine]\nburst = many\n" TWO_PORTS,
	     .errors = "@:2: [engine] burst: found 'many', allowed: 1..64 views\n"),
	CASE("number_with_a_tail", "[engine]\nburst = 32x\n" TWO_PORTS,
	     .errors = "@:2: [engine] burst: found '32x', allowed: 1..64 views\n"),
	CASE("negative", "[engine]\ntx_retries = -1\n" TWO_PORTS,
	     .errors = "@:2: [engine] tx_retries: found '-1', allowed: 0..1024 attempts\n"),
	CASE("hexadecimal", "[engine]\nburst = 0x20\n" TWO_PORTS,
	     .errors = "@:2: [engine] burst: found '0x20', allowed: 1..64 views\n"),
	CASE("more_than_64_bits", "[memory]\nframes = 18446744073709552128\n" TWO_PORTS,
	     .errors = "@:2: [memory] frames: found '18446744073709552128', allowed: "
		       "512..4194304 frames\n"),
	CASE("below_the_range", "[memory]\nframes = 511\n" TWO_PORTS,
	     .errors = "@:2: [memory] frames: found '511', allowed: 512..4194304 frames\n"),
	CASE("above_the_range", "[engine]\nworkers = 33\n" TWO_PORTS,
	     .errors = "@:2: [engine] workers: found '33', allowed: 1..32 threads\n"),
	CASE("between_two_sizes", "[memory]\nframe_bytes = 3000\n" TWO_PORTS,
	     .errors = "@:2: [memory] frame_bytes: found '3000', allowed: 2048 | 4096 bytes\n"),
	CASE("not_a_power_of_two",
	     TWO_PORTS "b = c\n[port.c]\ndriver = ring\ndevice = r\n"
		       "ring_size = 1000\n",
	     .errors = "@:11: [port.c] ring_size: found '1000', allowed: 8..65536 slots, a power "
		       "of two, or 0: driver's choice\n"),
	CASE("true_for_yes", "[memory]\nprotect = true\n" TWO_PORTS,
	     .errors = "@:2: [memory] protect: found 'true', allowed: yes | no; did you mean "
		       "'yes'?\n"),
	CASE("word_nearby", "[engine]\nmode = macswpa\nidle = bussy\n" TWO_PORTS,
	     .errors = "@:2: [engine] mode: found 'macswpa', allowed: io | macswap; did you mean "
		       "'macswap'?\n"
		       "@:3: [engine] idle: found 'bussy', allowed: adaptive | busy; did you mean "
		       "'busy'?\n"),
	CASE("word_in_upper_case", "[engine]\nmode = IO\n" TWO_PORTS,
	     .errors = "@:2: [engine] mode: found 'IO', allowed: io | macswap; did you mean "
		       "'io'?\n"),
	CASE("driver_nearby", TWO_PORTS "b = c\n[port.c]\ndriver = afxdp\n",
	     .errors = "@:9: [port.c] driver: found 'afxdp', allowed: " DRIVERS
		       "; did you mean 'af_xdp'?\n"),
	CASE("mode_of_another_driver",
	     "[port.a]\ndriver = af_xdp\ndevice = eth0\nmode = mmap\n[forward]\na = a\n",
	     .errors = "@:4: [port.a] mode: found 'mmap', allowed: auto | zerocopy | copy | "
		       "skb\n"),
	CASE("modes_are_known_by_other_names_too",
	     "[port.a]\ndriver = af_xdp\ndevice = eth0\nmode = generic\n[forward]\na = a\n",
	     .errors = "@:4: [port.a] mode: found 'generic', allowed: auto | zerocopy | copy | "
		       "skb; did you mean 'skb'?\n"),
	CASE("core_twice", "[engine]\ncores = 1,2,1\n" TWO_PORTS,
	     .errors = "@:2: [engine] cores: found '1,2,1', allowed: up to 32 core numbers, each "
		       "once, as 1,2 or 4-7\n"),
	CASE("cores_backwards", "[engine]\ncores = 7-4\n" TWO_PORTS,
	     .errors = "@:2: [engine] cores: found '7-4', allowed: up to 32 core numbers, each "
		       "once, as 1,2 or 4-7\n"),
	CASE("cores_without_end", "[engine]\ncores = 1,\n" TWO_PORTS,
	     .errors = "@:2: [engine] cores: found '1,', allowed: up to 32 core numbers, each "
		       "once, as 1,2 or 4-7\n"),
	CASE("thirty_three_cores", "[engine]\ncores = 0-15,16-32\n" TWO_PORTS,
	     .errors = "@:2: [engine] cores: found '0-15,16-32', allowed: up to 32 core numbers, "
		       "each once, as 1,2 or 4-7\n"),
	CASE("packets_per_second_only", SWITCH "storm = 10mbps\n[alarm]\ndrops = 5%\n",
	     .errors = "@:10: [function.f] storm: found '10mbps', allowed: " PPS "\n"
		       "@:12: [alarm] drops: found '5%', allowed: " PPS "\n"),
	CASE("packets_per_second_in_their_range", SWITCH "storm = 0.5pps\n",
	     .errors = "@:10: [function.f] storm: found '0.5pps', allowed: " PPS "\n"),
	CASE("rate_of_no_port", CHAIN("meter") "rate = 10%\npeak = max\n",
	     .errors = "@:10: [function.f] rate: found '10%', allowed: " NUMERIC "\n"
		       "@:11: [function.f] peak: found 'max', allowed: " NUMERIC "\n"),
	/* What values say against each other is not known where one was refused. */
	CASE("a_value_that_was_refused_is_not_missing", CHAIN("vlan") "action = pass\nids = 5-1\n",
	     .errors =
		     "@:11: [function.f] ids: found '5-1', allowed: VLAN ids of 0..4094, each once, as 10,20-30\n"),
	CASE("a_value_that_was_refused_limits_no_other",
	     SWITCH "entries = 99999999\nlimit = 10000\n",
	     .errors =
		     "@:10: [function.f] entries: found '99999999', allowed: 16..1048576 addresses\n"),
	CASE("text_too_long", "[dpdk]\nfile_prefix = abcdefghijabcdefghijabcdefghij12\n" TWO_PORTS,
	     .errors = "@:2: [dpdk] file_prefix: found 32 bytes, allowed: up to 31\n"),
};

static const struct config_case overrides[] = {
	CASE("no_value_sign", TWO_PORTS, .sets = { "engine.mode" },
	     .errors = "--set engine.mode: allowed: section.key=value\n"),
	CASE("no_section", TWO_PORTS, .sets = { "mode=io" },
	     .errors = "--set mode=io: allowed: section.key=value, section and key in lower case "
		       "a-z 0-9 _ -\n"),
	CASE("upper_case", TWO_PORTS, .sets = { "Engine.mode=io" },
	     .errors = "--set Engine.mode=io: allowed: section.key=value, section and key in "
		       "lower case a-z 0-9 _ -\n"),
	CASE("unknown_key", TWO_PORTS, .sets = { "engine.modes=io" },
	     .errors = "--set engine.modes=io: [engine] modes: unknown key; did you mean "
		       "'mode'?\n"),
	CASE("section_is_what_stands_before_the_last_dot", TWO_PORTS,
	     .sets = { "port.a.frame_bytes=13" },
	     .errors = "--set port.a.frame_bytes=13: [port.a] frame_bytes: found '13', allowed: "
		       "14..9000 bytes\n"),
	CASE("misspelt_port", TWO_PORTS "b = lan\n[port.lan]\ndriver = null\n",
	     .sets = { "port.lam.driver=null" },
	     .errors = "--set port.lam.driver=null: [port.lam]: is used nowhere: name it in "
		       "[forward], or delete the section; did you mean 'lan'?\n"),
	CASE("override_and_file_both_wrong", "[engine]\nburst = 0\n" TWO_PORTS,
	     .sets = { "engine.mode=x", "forward.b=c" },
	     .errors = "@:2: [engine] burst: found '0', allowed: 1..64 views\n"
		       "--set engine.mode=x: [engine] mode: found 'x', allowed: io | macswap\n"
		       "--set forward.b=c: [forward] b: found 'c', which is no port; allowed: a, "
		       "b\n"),
	CASE("control_characters_are_not_printed", TWO_PORTS, .sets = { "dpdk.args=a\x1b[1m" },
	     .errors = "--set dpdk.args=a?[1m: [dpdk] args: found a control character in "
		       "'a?[1m'\n"),
	CASE("override_mends_the_file", "[engine]\nburst = 0\n" TWO_PORTS,
	     .sets = { "engine.burst=1" }),
	CASE("the_last_of_two_counts", TWO_PORTS, .sets = { "engine.burst=0", "engine.burst=2" }),
	CASE("empty_takes_the_key_away", TWO_PORTS "b = c\n[port.c]\ndriver = ring\ndevice = r\n",
	     .sets = { "port.c.driver=null", "port.c.device=" }),
	CASE("override_adds_a_port", TWO_PORTS,
	     .sets = { "port.c.driver=ring", "port.c.device=r=1", "forward.b=c" }),
};

#define RUN(table)                                                    \
	static void table##_are_told_apart(void **state)              \
	{                                                             \
		(void)state;                                          \
		run_cases(table, sizeof(table) / sizeof((table)[0])); \
	}
RUN(sections_and_keys)
RUN(values)
RUN(overrides)

static void values_reach_their_fields(void **state)
{
	const char *sets[] = { "engine.tx_retries=3", NULL };
	struct bp_conf conf;

	(void)state;
	load_right(
		"[engine]\nmode = macswap\ncores = 3, 5-6\nidle = busy\nburst = 7\n"
		"[memory]\nframes = 777\nframe_bytes = 4096\nhugepages = no\n"
		"[dpdk]\nno_huge = yes\nmemory = 99\nfile_prefix = fp\nargs = a b\n"
		"[port.p]\ndriver = af_packet\ndevice = eth7\nqueues = 2\n"
		"checksum = off\noffload = off\nring_size = 512\ntx = send\nqdisc_bypass = yes\n"
		"[port.x]\ndriver = af_xdp\ndevice = eth8\nmode = skb\nstrict = yes\nbusy_poll_us = 20\n"
		"[port.f]\ndriver = pcap\ndevice = /tmp/a b.pcap\nloop = yes\nrate_pps = 5\n"
		"count = 9000000000\n"
		"[port.d]\ndriver = dpdk\ndevice = 0000:03:00.1\nmtu = 9000\n"
		"[port.n]\ndriver = null\nframe_bytes = 1500\n"
		"[forward]\np = x\nx = p\nf = d\nd = n\n",
		sets, &conf);
	assert_int_equal(conf.engine.mode, BP_ENGINE_MACSWAP);
	assert_int_equal(conf.engine.idle, BP_IDLE_BUSY);
	assert_int_equal(conf.engine.n_workers, 3);
	assert_int_equal(conf.engine.n_cores, 3);
	assert_int_equal(conf.engine.cores[0], 3);
	assert_int_equal(conf.engine.cores[1], 5);
	assert_int_equal(conf.engine.cores[2], 6);
	assert_int_equal(conf.engine.burst, 7);
	assert_int_equal(conf.engine.tx_retries, 3);
	assert_int_equal(conf.memory.n_frames, 777);
	assert_int_equal(conf.memory.frame_bytes, 4096);
	assert_int_equal(conf.memory.hugepages, BP_NO);
	assert_false(conf.memory.protect);
	assert_true(conf.eal.no_huge);
	assert_false(conf.eal.in_memory); /* follows no_huge */
	assert_int_equal(conf.eal.memory_mib, 99);
	assert_string_equal(conf.eal.file_prefix, "fp");
	assert_string_equal(conf.eal.args, "a b");
	assert_int_equal(conf.n_ports, 5);
	assert_string_equal(conf.ports[0].name, "p");
	assert_string_equal(conf.ports[0].driver, "af_packet");
	assert_string_equal(conf.ports[0].device, "eth7");
	assert_string_equal(key_word(&conf.ports[0], "mode"), "mmap");
	assert_true(key_value(&conf.ports[1], "strict"));
	assert_int_equal(conf.ports[0].n_queues, 2);
	assert_int_equal(conf.ports[0].checksum, BP_NO);
	assert_int_equal(conf.ports[0].offload, BP_PASS_OFF);
	assert_int_equal(conf.ports[0].ring_size, 512);
	assert_string_equal(key_word(&conf.ports[0], "tx"), "send");
	assert_int_equal(key_value(&conf.ports[0], "qdisc_bypass"), BP_YES);
	assert_int_equal(conf.ports[0].forward_to, 1);
	assert_string_equal(key_word(&conf.ports[1], "mode"), "skb");
	assert_int_equal(key_value(&conf.ports[1], "busy_poll_us"), 20);
	assert_string_equal(key_word(&conf.ports[2], "mode"), "read");
	assert_string_equal(conf.ports[2].device, "/tmp/a b.pcap");
	assert_true(key_value(&conf.ports[2], "loop"));
	assert_int_equal(key_value(&conf.ports[2], "rate_pps"), 5);
	assert_string_equal(key_word(&conf.ports[2], "pace"), "max"); /* follows rate_pps */
	assert_int_equal(key_value(&conf.ports[2], "count"), 9000000000);
	assert_int_equal(conf.ports[3].mtu, 9000);
	assert_int_equal(key_value(&conf.ports[4], "frame_bytes"), 1500);
	assert_int_equal(conf.ports[4].forward_to, BP_NO_PORT);
	load_right("[memory]\nprotect = yes\n[port.a]\ndriver = af_xdp\ndevice = eth0\n"
		   "checksum = off\n[port.b]\ndriver = null\n[forward]\na = b\n",
		   NULL, &conf);
	assert_true(conf.memory.protect);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sections_and_keys_are_told_apart),
		cmocka_unit_test(values_are_told_apart),
		cmocka_unit_test(overrides_are_told_apart),
		cmocka_unit_test(values_reach_their_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
