/* Binds devices by writing to sysfs; reads back what became of it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "bind/act.h"

#include "bind/holders.h"
#include "bind/modprobe.h"
#include "bind/remember.h"

#include "core/netdev.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PROBE        "/sys/bus/pci/drivers_probe"
#define DRIVERS      "/sys/bus/pci/drivers"
#define STEP_MS      20
#define FILE_MS      2000 /* for devtmpfs to show the group's file */
#define INTERFACE_MS 10000 /* a driver may load firmware first */
#define RENAME_MS    3000 /* for udev to give the interface its name */

/* --- sysfs ------------------------------------------------------------------------------------ */

static int write_file(const char *path, const char *text)
{
	int err = 0, fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);
	return err;
}

/* "" takes it away. */
static int override(const char *address, const char *driver)
{
	char path[PATH_MAX];

	bp_pci_path(address, "driver_override", path);
	return write_file(path, driver[0] ? driver : "\n");
}

static int unbind(const char *address)
{
	char path[PATH_MAX];
	int err;

	bp_pci_path(address, "driver/unbind", path);
	err = write_file(path, address);
	return err == -ENOENT ? 0 : err; /* it has no driver */
}

/* Only reading back tells which of the kernel's drivers took the device: the write reports little. */
static void probe(const char *address)
{
	(void)write_file(PROBE, address);
}

static bool has_driver(const char *address)
{
	char path[PATH_MAX];

	bp_pci_path(address, "driver", path);
	return !access(path, F_OK);
}

static int fail(int err, char *why, size_t why_bytes, const char *address, const char *file)
{
	snprintf(why, why_bytes, "write to /sys/bus/pci/devices/%s/%s: %s", address, file,
		 strerror(-err));
	return err;
}

/* --- waiting ---------------------------------------------------------------------------------- */

static bool wait_until(bool (*is_so)(struct bp_pci_device *now), struct bp_pci_device *now,
		       int patience_ms)
{
	const struct timespec step = { .tv_nsec = STEP_MS * 1000000L };
	bool is_reached = is_so(now);

	for (int ms = 0; !is_reached && ms < patience_ms; ms += STEP_MS) {
		nanosleep(&step, NULL);
		is_reached = is_so(now);
	}
	return is_reached;
}

static bool has_group_file(struct bp_pci_device *now)
{
	char path[64];

	return now->iommu_group != BP_PCI_NO_GROUP &&
	       bp_holders_group_file(now, path, sizeof(path));
}

static bool has_interface(struct bp_pci_device *now)
{
	return !bp_pci_look(now->address, now) && now->n_interfaces;
}

/* udev writes its record of an interface once it has renamed it. */
static bool is_named(struct bp_pci_device *now)
{
	char path[64];
	int ifindex;

	if (access("/run/udev/control", F_OK))
		return true;
	if (bp_pci_look(now->address, now) || !now->n_interfaces)
		return false;
	ifindex = bp_netdev_index(-1, now->interfaces[0]);
	snprintf(path, sizeof(path), "/run/udev/data/n%d", ifindex);
	return ifindex > 0 && !access(path, F_OK);
}

/* --- steps ------------------------------------------------------------------------------------ */

bool bp_bind_may(char *why, size_t why_bytes)
{
	if (!access(PROBE, W_OK))
		return true;
	snprintf(why, why_bytes, "%s may not be written: %s: %s", PROBE, strerror(errno),
		 errno == EROFS ? "/sys is read-only here, as in a container: bind on the host"
				: "run bypath bind as root");
	return false;
}

int bp_bind_prepare(enum bp_bind_target target, char *why, size_t why_bytes)
{
	int err = 0;

	if (target == BP_BIND_VFIO && access(DRIVERS "/vfio-pci", F_OK))
		err = bp_modprobe("vfio-pci", why, why_bytes);
	if (!err && target == BP_BIND_VFIO && access(DRIVERS "/vfio-pci", F_OK)) {
		snprintf(why, why_bytes,
			 "modprobe vfio-pci succeeded, but there is no " DRIVERS "/vfio-pci");
		err = -ENOENT;
	}
	return err;
}

static int bind_vfio(struct bp_pci_device *now, char *why, size_t why_bytes)
{
	probe(now->address);
	if (bp_pci_look(now->address, now) || strcmp(now->driver, "vfio-pci")) {
		snprintf(why, why_bytes, "vfio-pci did not take it%s%s: see dmesg",
			 now->driver[0] ? ", but " : "", now->driver);
		return -EIO;
	}
	if (!wait_until(has_group_file, now, FILE_MS)) {
		snprintf(why, why_bytes,
			 "bound to vfio-pci, but /dev/vfio/%d is not there: is /dev the "
			 "machine's devtmpfs? See dmesg",
			 now->iommu_group);
		return -EIO;
	}
	return 0;
}

/* Drivers that are there already first: a machine may lack the files of its modules. */
static int probe_with_modules(struct bp_pci_device *now, char *why, size_t why_bytes)
{
	probe(now->address);
	if (!has_driver(now->address)) {
		int err = bp_modprobe(now->modalias, why, why_bytes);

		if (err)
			return err;
		if (!has_driver(now->address))
			probe(now->address);
	}
	if (bp_pci_look(now->address, now) || !now->driver[0]) {
		snprintf(why, why_bytes, "no driver of the kernel took it (modprobe %s): see dmesg",
			 now->modalias);
		return -EIO;
	}
	if (bp_pci_owner_of(now->driver) == BP_PCI_OWNER_PROCESS) {
		snprintf(why, why_bytes,
			 "%s takes it again: its ids= (/etc/modprobe.d) or new_id names this model",
			 now->driver);
		return -EBUSY;
	}
	return 0;
}

static int bind_kernel(struct bp_pci_device *now, char *why, size_t why_bytes)
{
	char modalias[128];
	int err = probe_with_modules(now, why, why_bytes);

	/* A bus of its own, as virtio: where udev runs, it has loaded the driver meanwhile. */
	if (!err && !has_interface(now) &&
	    bp_pci_idle_child(now->address, 0, modalias, sizeof(modalias)))
		err = bp_modprobe(modalias, why, why_bytes);
	if (err)
		return err;
	if (wait_until(has_interface, now, INTERFACE_MS))
		wait_until(is_named, now, RENAME_MS);
	else /* no failure: an interface appears in the first network namespace */
		snprintf(
			why, why_bytes,
			"bound to %s, but this /sys shows no interface of it after %d s: it may be "
			"in another network namespace; or see dmesg",
			now->driver, INTERFACE_MS / 1000);
	return 0;
}

int bp_bind_do(enum bp_bind_target target, const struct bp_pci_device *device,
	       struct bp_pci_device *now, char *why, size_t why_bytes)
{
	const char *driver = target == BP_BIND_VFIO ? "vfio-pci" : "";
	int err = override(device->address, driver);

	*now = *device;
	why[0] = '\0';
	if (err)
		return fail(err, why, why_bytes, device->address, "driver_override");
	/* A device that the kernel has already lacks its child's driver only (virtio). */
	if (target == BP_BIND_VFIO || !bp_pci_is_kernels(device)) {
		err = unbind(device->address);
		if (err)
			return fail(err, why, why_bytes, device->address, "driver/unbind");
	}
	err = target == BP_BIND_VFIO ? bind_vfio(now, why, why_bytes)
				     : bind_kernel(now, why, why_bytes);
	if (!err && target == BP_BIND_KERNEL)
		bp_bind_remember(device->address, "");
	else if (!err && bp_pci_is_kernels(device))
		bp_bind_remember(device->address, device->driver);
	return err;
}

bool bp_bind_restore(const struct bp_pci_device *before)
{
	struct bp_pci_device now;
	char path[PATH_MAX];

	override(before->address, before->override);
	if (bp_pci_look(before->address, &now))
		return false;
	if (strcmp(now.driver, before->driver)) {
		unbind(before->address);
		if (before->driver[0]) {
			snprintf(path, sizeof(path), DRIVERS "/%s/bind", before->driver);
			(void)write_file(path, before->address);
		}
	}
	return !bp_pci_look(before->address, &now) && !strcmp(now.driver, before->driver) &&
	       !strcmp(now.override, before->override);
}
