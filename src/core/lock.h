/* Locks of devices and files between the processes of a machine, held by the process's life. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CORE_LOCK_H
#define BYPATH_CORE_LOCK_H

#include "core/claim.h"

#define BP_LOCK_HOLDER_BYTES 192u

/*
 * The kernel gives a lock back when its holder ends, however it ends, so that a restart finds it free:
 * - an interface: the abstract unix socket 'bypath/interface/IFINDEX', one set of names per network
 *   namespace, which containers share when they share the interface; for the wire's end of a tap device
 *   'bypath/tap/IFINDEX', since another may well be on the kernel's end;
 * - a pipe that a capture is written to: 'bypath/pipe/DEVICE/INODE', likewise; nothing is opened, since who
 *   opens a pipe is its reader or writer;
 * - a PCI device: flock() on /run/bypath/pci-ADDRESS.lock, where this process may make that;
 * - a capture: flock() on the file itself, shared by those that read it.
 * Any user may bind a name: the holder that a refusal names is to be judged by who reads it.
 */
struct bp_lock {
	int fd; /* -1: not held */
	int ifindex; /* the interface's, 0: none */
	bool is_listening; /* for those that ask who holds it: bp_lock_serve() */
};

/*
 * Take the lock of a claim. Where there is nothing to lock (no such interface yet, /run not ours, a file
 * system without locks) that is no fault: lock->fd is -1. A capture that is written is made where it
 * does not exist, and nothing in it is changed. Any thread; never waits for a holder. 0: *lock is the
 * caller's, for bp_lock_release(); -EBUSY: holder says who has it; -EMFILE and the like: nothing is held.
 */
int bp_lock_take(const struct bp_claim *claim, struct bp_lock *lock,
		 char holder[BP_LOCK_HOLDER_BYTES]);

/* Give a lock back; does nothing to one that is not held. */
void bp_lock_release(struct bp_lock *lock);

/*
 * Is a claim held by another process in a way that bp_lock_take() would refuse? Takes nothing, so that a
 * start at the same moment is not disturbed. Any thread. true: holder says who.
 */
bool bp_lock_is_held(const struct bp_claim *claim, char holder[BP_LOCK_HOLDER_BYTES]);

/*
 * Is a claim held by a process that is ending already, as after kill -9: will it be free in a moment? Any thread. false:
 * nobody has it, or whoever has it goes on, or cannot be seen from this PID namespace.
 */
bool bp_lock_is_left(const struct bp_claim *claim);

/* Let go of those that asked who holds a name: else they fill its queue in time. Control
 * thread, now and then. */
void bp_lock_serve(const struct bp_lock *lock);

#endif
