/* What ports, paths, workers cannot be together: the exact message with line and remedy. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "config_case.h"

#include <stdio.h>
#include <string.h>

#define CASE(case_name, text, ...)                          \
	{                                                   \
		.name = case_name, .ini = text, __VA_ARGS__ \
	}
#define PORT(name, driver, device) "[port." name "]\ndriver = " driver "\ndevice = " device "\n"
#define TWO(driver_a, device_a, driver_b, device_b) \
	PORT("a", driver_a, device_a) PORT("b", driver_b, device_b) "[forward]\na = b\nb = a\n"
#define TAKEN(device)                                                                        \
	"@:6: [port.b] device: found '" device "', which port a uses already: one port per " \
	"device; for more of its queues raise that port's queues\n"

static const struct config_case paths[] = {
	CASE("empty_file", "",
	     .errors = "@: has no port: add a section [port.NAME] with driver and device\n"
		       "@: [forward]: says nothing: add FROM = TO, both names of ports\n"),
	CASE("no_forward", "[port.a]\ndriver = null\n",
	     .errors = "@: [forward]: says nothing: add FROM = TO, both names of ports\n"),
	CASE("empty_forward", "[port.a]\ndriver = null\n[forward]\n",
	     .errors = "@:3: [forward]: says nothing: add FROM = TO, both names of ports\n"),
	CASE("forward_without_ports", "[forward]\na = b\n",
	     .errors = "@:2: [forward] a: found 'a', which is no port; allowed: none, as there is "
		       "no [port.NAME]\n"
		       "@:2: [forward] a: found 'b', which is no port; allowed: none, as there is "
		       "no [port.NAME]\n"
		       "@: has no port: add a section [port.NAME] with driver and device\n"),
	CASE("forward_to_unknown_port_suggests_nearest",
	     "[port.wan]\ndriver = null\n[port.lan]\ndriver = null\n[forward]\nwan = lam\n",
	     .errors = "@:6: [forward] wan: found 'lam', which is no port; allowed: wan, lan; did "
		       "you mean 'lan'?\n"),
	CASE("forward_from_unknown_port_suggests_nearest",
	     "[port.wan]\ndriver = null\n[port.lan]\ndriver = null\n[forward]\nwam = lan\n",
	     .errors = "@:6: [forward] wam: found 'wam', which is no port; allowed: wan, lan; did "
		       "you mean 'wan'?\n"),
	CASE("port_twice", TWO_PORTS "[port.a]\ndriver = null\n",
	     .errors = "@:7: section [port.a] is there already in line 1: join the two\n"
		       "@:8: [port.a] driver: is there already in line 2: delete one of the "
		       "two\n"),
	CASE("links_follow_one_another",
	     "[forward]\nlink = follow\na = b\nb = a\n" PORT("a", "af_packet", "eth0")
		     PORT("b", "af_packet", "eth1")),
	CASE("a_port_of_a_name_that_is_a_key", "[port.link]\ndriver = null\n" TWO_PORTS,
	     .errors =
		     "@:1: [port.link]: found a port named 'link', which is a key of [forward]: choose "
		     "another name\n"),
	CASE("follow_without_a_link", TWO_PORTS "link = follow\n",
	     .errors =
		     "@:7: [forward] link: found 'follow', but port a (driver = null, device = ) has no link "
		     "that could be taken down; delete the line\n"
		     "@:7: [forward] link: found 'follow', but port b (driver = null, device = ) has no link "
		     "that could be taken down; delete the line\n"),
	CASE("follow_of_two",
	     PORT("a", "af_packet", "eth0") PORT("b", "af_packet", "eth1")
		     PORT("c", "af_packet", "eth2") "[forward]\nlink = follow\na = c\nb = c\n",
	     .errors =
		     "@:11: [forward] link: found 'follow', but port c has not one port on its other side: a "
		     "lost link is carried on between two ports that each lead to the other alone; delete the "
		     "line\n"),
	CASE("follow_of_itself", PORT("a", "af_packet", "eth0") "[forward]\nlink = follow\na = a\n",
	     .errors =
		     "@:5: [forward] link: found 'follow', but port a has not one port on its other side: a = "
		     "a: a lost link is carried on between two ports that each lead to the other alone; delete "
		     "the line\n"),
	CASE("port_used_nowhere", TWO_PORTS "[port.c]\ndriver = null\n",
	     .errors = "@:7: [port.c]: is used nowhere: name it in [forward], or delete the "
		       "section\n"),
	CASE("two_workers_three_cores", "[engine]\nworkers = 2\ncores = 0-2\n" TWO_PORTS,
	     .errors = "@:3: [engine] cores: found 3 core(s) for workers = 2: give each worker "
		       "one, or delete 'workers'\n"),
	CASE("in_memory_beside_no_huge", "[dpdk]\nin_memory = yes\nno_huge = yes\n" TWO_PORTS,
	     .errors = "@:2: [dpdk] in_memory: found 'yes' beside no_huge = yes, which EAL "
		       "refuses: delete one of the two lines\n"),
	CASE("protect_beside_macswap",
	     "[engine]\nmode = macswap\n[memory]\nprotect = yes\n" TWO_PORTS,
	     .errors =
		     "@:4: [memory] protect: found 'yes', which only [engine] mode = io can do: "
		     "set one of the two\n"
		     "@:4: [memory] protect: found 'yes', but port a writes the packets that come "
		     "from it into the arena: let it only send, or delete the line\n"),
	CASE("protect_beside_what_touches_the_arena",
	     "[memory]\nprotect = yes\n" TWO("tap", "t0", "af_xdp", "eth0"),
	     .errors = "@:2: [memory] protect: found 'yes', but the driver of port a touches the "
		       "arena: use " DRIVERS_UNTOUCHING ", or delete the line\n"
		       "@:2: [memory] protect: found 'yes', but port b looks at checksums: set "
		       "[port.b] checksum = off\n"),
	CASE("protect_beside_a_port_that_makes_packets",
	     "[memory]\nprotect = yes\n[port.a]\ndriver = null\n[port.b]\ndriver = null\n"
	     "[forward]\na = b\n",
	     .errors =
		     "@:2: [memory] protect: found 'yes', but port a writes the packets that come "
		     "from it into the arena: let it only send, or delete the line\n"),
	CASE("port_to_itself_reflects", "[port.a]\ndriver = null\n[forward]\na = a\n"),
	CASE("two_ports_to_one", PORT("a", "af_packet", "eth0") PORT("b", "af_packet", "eth1") PORT(
					 "c", "af_packet", "eth2") "[forward]\na = c\nb = c\n"),
};

static const struct config_case devices[] = {
	CASE("missing_driver_and_device", "[port.a]\n[port.b]\ndriver = tap\n[forward]\na = b\n",
	     .errors = "@:1: [port.a] driver: is missing: add 'driver = …', the I/O backend; "
		       "allowed: " DRIVERS "\n"
		       "@:2: [port.b] device: is missing: add 'device = …', the network "
		       "interface to make\n"),
	CASE("interface_name_too_long", PORT("a", "af_xdp", "abcdefghijklmnop") "[forward]\na=a\n",
	     .errors = "@:3: [port.a] device: found 'abcdefghijklmnop', 16 bytes; allowed: the "
		       "name of a network interface, up to 15 bytes\n"),
	CASE("longest_interface_name", PORT("a", "af_xdp", "abcdefghijklmno") "[forward]\na=a\n"),
	CASE("interface_name_with_slash", PORT("a", "tap", "net/tap") "[forward]\na=a\n",
	     .errors = "@:3: [port.a] device: found 'net/tap'; allowed: the name of a network "
		       "interface\n"),
	CASE("pci_address_for_a_kernel_driver",
	     PORT("a", "af_packet", "0000:3:0.0") "[forward]\na=a\n",
	     .errors = "@:3: [port.a] device: found '0000:3:0.0'; allowed: the name of a network "
		       "interface; a PCI address needs driver = dpdk\n"),
	CASE("pci_without_domain", PORT("a", "dpdk", "03:00.1,rxq=1") "[forward]\na=a\n",
	     .errors = "@:3: [port.a] device: found '03:00.1'; a PCI address is DDDD:BB:DD.F, as "
		       "0000:03:00.1; did you mean '0000:03:00.1'?\n"),
	CASE("pci_function_too_high", PORT("a", "dpdk", "0000:03:00.8") "[forward]\na=a\n",
	     .errors = "@:3: [port.a] device: found '0000:03:00.8'; a PCI address is "
		       "DDDD:BB:DD.F, as 0000:03:00.1\n"),
	CASE("pci_device_too_high", PORT("a", "dpdk", "0000:03:20.0") "[forward]\na=a\n",
	     .errors = "@:3: [port.a] device: found '0000:03:20.0'; a PCI address is "
		       "DDDD:BB:DD.F, as 0000:03:00.1\n"),
	CASE("pci_without_function", PORT("a", "dpdk", "0000:03:00") "[forward]\na=a\n",
	     .errors = "@:3: [port.a] device: found '0000:03:00'; a PCI address is DDDD:BB:DD.F, "
		       "as 0000:03:00.1\n"),
	CASE("interface_for_dpdk", PORT("a", "dpdk", "eth0") "[forward]\na=a\n",
	     .errors = "@:3: [port.a] device: found 'eth0'; allowed: a PCI address as "
		       "0000:03:00.1, or a DPDK device string as net_memif0,role=client; for a "
		       "network interface: net_af_packet0,iface=NAME\n"),
	CASE("dpdk_argument_with_two_keys",
	     PORT("a", "dpdk", "net_null0,x=size=9000,copy=1") "[forward]\na=a\n",
	     .errors = "@:3: [port.a] device: found 'x=size=9000' in the device string; an "
		       "argument is KEY=VALUE, without another '='\n"),
	CASE("dpdk_devices_of_every_kind",
	     PORT("a", "dpdk", "0000:AF:1f.7,x=1") PORT("b", "dpdk", "net_memif0,role=client") PORT(
		     "c", "dpdk", "pci:0000:03:00.0") PORT("d", "dpdk", "virtio_user0,path=/a:b")
		     PORT("e", "dpdk",
			  "vmbus:0f3a2c11-0000-4000-8000-000000000000") "[forward]\na=b\nb=c\nc=d\nd=e\n"),
	CASE("two_af_packet_on_one_interface", TWO("af_packet", "eth0", "af_packet", "eth0"),
	     .errors = TAKEN("eth0")),
	CASE("two_drivers_on_one_interface", TWO("af_packet", "eth0", "af_xdp", "eth0"),
	     .errors = TAKEN("eth0")),
	CASE("pmd_on_the_interface_of_another",
	     TWO("af_xdp", "eth0", "dpdk", "net_af_packet0,blocksz=4096,iface=eth0"),
	     .errors = TAKEN("eth0")),
	CASE("one_pci_device_twice", TWO("dpdk", "0000:0a:00.0", "dpdk", "pci:0000:0A:00.0,x=1"),
	     .errors = TAKEN("0000:0A:00.0")),
	CASE("one_vdev_twice", TWO("dpdk", "net_memif0,id=0", "dpdk", "net_memif0,id=1"),
	     .errors = TAKEN("net_memif0")),
	CASE("live_capture_beside_a_port", TWO("af_packet", "eth0", "pcap", "eth0"),
	     .sets = { "port.b.mode=live" }, .errors = TAKEN("eth0")),
	CASE("third_end_of_a_ring", TWO("ring", "r", "ring", "r") "c = a\n" PORT("c", "ring", "r"),
	     .errors = "@:13: [port.c] device: found 'r', which port b uses already: a ring has "
		       "two ends at most\n"),
	CASE("ring_with_one_end", PORT("a", "ring", "r") "[forward]\na = a\n"),
	CASE("file_written_twice",
	     PORT("a", "pcap", "x.pcap") PORT(
		     "b", "pcap", "x.pcap") "[port.c]\ndriver = null\n[forward]\nc = a\na = b\n",
	     .sets = { "port.a.mode=write", "port.b.mode=write", "forward.a=", "forward.b=" },
	     .errors = "@:4: [port.b]: is used nowhere: name it in [forward], or delete the "
		       "section\n"
		       "@:6: [port.b] device: found 'x.pcap', which port a uses already: a file "
		       "that is written belongs to one port\n"),
	CASE("file_read_twice",
	     PORT("a", "pcap", "x.pcap") PORT(
		     "b", "pcap", "x.pcap") "[port.c]\ndriver = null\n[forward]\na = c\nb = c\n"),
	CASE("file_that_is_read_as_target",
	     PORT("a", "pcap", "x.pcap") "[port.c]\ndriver = null\n[forward]\nc = a\n",
	     .errors =
		     "@:1: [port.a] mode: found 'read', but [forward] c = a sends to here: "
		     "nothing can be sent to a file that is read: use mode = write, or another driver\n"),
	CASE("file_that_is_written_as_source",
	     PORT("a", "pcap", "x.pcap") "mode = write\n"
					 "[port.c]\ndriver = null\n[forward]\na = c\n",
	     .errors = "@:4: [port.a] mode: found 'write', but [forward] a = c receives from "
		       "here: nothing comes out of a file that is written\n"),
	CASE("pace_against_rate",
	     PORT("a", "pcap", "x.pcap") "pace = recorded\nrate_pps = 7\n"
					 "[port.c]\ndriver = null\n[forward]\na = c\n",
	     .errors = "@:4: [port.a] pace: found 'recorded' beside rate_pps = 7: the two "
		       "contradict each other; delete one\n"),
	CASE("made_frames_longer_than_the_arena's",
	     "[port.a]\ndriver = null\nframe_bytes = 1793\n"
	     "[forward]\na = a\n",
	     .errors = "@:3: [port.a] frame_bytes: found 1793 bytes, allowed: 1792, what a frame "
		       "of [memory] frame_bytes = 2048 holds; set that to 4096\n"),
	CASE("made_frames_that_fit", "[memory]\nframe_bytes = 4096\n[port.a]\ndriver = null\n"
				     "frame_bytes = 3840\n[forward]\na = a\n"),
};

static void paths_are_checked(void **state)
{
	(void)state;
	run_cases(paths, sizeof(paths) / sizeof(paths[0]));
}

static void devices_are_checked(void **state)
{
	(void)state;
	run_cases(devices, sizeof(devices) / sizeof(devices[0]));
}

static void ports_are_bounded(void **state)
{
	static char text[8192], errors[CASE_ERRORS_BYTES];
	struct bp_conf conf;
	size_t len = 0;

	(void)state;
	for (unsigned i = 0; i < BP_PORTS_MAX; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "[port.p%u]\ndriver=null\n",
					i);
	len += (size_t)snprintf(text + len, sizeof(text) - len, "[forward]\n");
	for (unsigned i = 0; i < BP_PORTS_MAX; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "p%u=p0\n", i);
	load_right(text, NULL, &conf);
	assert_int_equal(conf.n_ports, BP_PORTS_MAX);
	len += (size_t)snprintf(text + len, sizeof(text) - len, "[port.x]\ndriver=null\n");
	assert_int_not_equal(load_text(text, len, NULL, &conf, errors), 0);
	assert_string_equal(errors, "@:188: [port.x]: one port too many, allowed: up to 62\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_are_checked),
		cmocka_unit_test(devices_are_checked),
		cmocka_unit_test(ports_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
