# Guest kernels: fetches Debian's packages, checks them, makes them bootable.
# SPDX-License-Identifier: BSD-3-Clause
"""get(lane) → Kernel, whose files lie in a cache folder.

Nothing there is trusted: at each use the packages' SHA-256 is held against apt's signed index, the
unpacked files against the packages' own lists, what was made from them against the list written then
(which finds damage, not malice: so the folder must be ours alone). What differs is thrown away and
made anew. apt works in folders of its own: the machine's are not
touched, and no root is needed.
"""

import contextlib
import fcntl
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time

# lane → the package that depends on the kernel's, the release that has it (None: the machine's own).
LANES = {
    "6.12": ("linux-image-6.12-amd64", None),
    "6.1": ("linux-image-amd64", None),
    "newest": ("linux-image-amd64", "trixie-backports"),
}
# What the first stage needs to reach the host's files, and the agent to be reached.
FIRST_MODULES = ("virtio_pci", "9pnet_virtio", "9p", "overlay", "virtio_console")
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
TOOLS = ("apt-get", "dpkg-deb", "depmod", "modprobe", "cpio", "gzip", "xz")
BUSYBOX = "/bin/busybox"
INDEX_AGE_S = 6 * 3600
UNUSED_S = 30 * 24 * 3600
FIRST_STAGE = pathlib.Path(__file__).resolve().parent.parent / "guest" / "init"


class Missing(Exception):
    """A part is absent here; its text is the reason that a skip shows."""


class Kernel:
    """image, initrd: files to boot; modules: the folder with modules.dep; version as uname -r says."""

    def __init__(self, folder):
        self.image = folder / "vmlinuz"
        self.initrd = folder / "initrd.img"
        self.version = next((folder / "lib" / "modules").iterdir()).name
        self.numbers = tuple(map(int, re.findall(r"\d+", self.version)[:2]))  # (6, 12)
        self.modules = folder / "lib" / "modules" / self.version


def run(*command, **options):
    """A command's standard output; Missing with its last words when it fails."""
    try:
        return subprocess.run(command, check=True, capture_output=True, **options).stdout
    except FileNotFoundError:
        raise Missing(f"no {command[0]}: install it (see ./quickstart)") from None
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip().splitlines()
        raise Missing(f"{command[0]}: {said[-1] if said else f'exit code {error.returncode}'}") from None


# --- packages -------------------------------------------------------------------------------------

def debian_sources(release):
    """[(URI, release)] of Debian's own archives, by the mirrors that this machine is set to."""
    listed = run("apt-get", "indextargets", "--format",
                 "$(ORIGIN) $(REPO_URI) $(RELEASE) $(COMPONENT)", "Created-By: Packages").decode()
    found = {tuple(words[1:3]) for words in map(str.split, listed.splitlines())
             if words[0] == "Debian" and words[3] == "main"}
    found = found or {("http://deb.debian.org/debian/", "bookworm"),
                      ("http://deb.debian.org/debian-security/", "bookworm-security")}
    if release is None:
        return sorted(found)
    return sorted({(uri, release) for uri, name in found if "-" not in name})


class Apt:
    """apt over one lane's sources, with all of its state below folder."""

    def __init__(self, folder, release):
        self.folder = folder
        for sub in ("lists/partial", "archives/partial"):
            (folder / sub).mkdir(parents=True, exist_ok=True)
        (folder / "status").touch()
        (folder / "sources.list").write_text("".join(
            f"deb [signed-by={KEYRING}] {uri} {name} main\n" for uri, name in debian_sources(release)))
        settings = {
            "Dir::Etc::sourcelist": folder / "sources.list", "Dir::Etc::sourceparts": "-",
            "Dir::Etc::preferences": "-", "Dir::Etc::preferencesparts": "-",
            "Dir::State": folder, "Dir::State::status": folder / "status", "Dir::Cache": folder,
            "Acquire::Languages": "none", "Acquire::Retries": "2"}
        if os.geteuid() == 0:
            settings["APT::Sandbox::User"] = "root"  # the cache folder is root's alone
        self.options = [word for key, value in settings.items() for word in ("-o", f"{key}={value}")]

    def update(self):
        stamp = self.folder / "updated"
        if stamp.exists() and time.time() - stamp.stat().st_mtime < INDEX_AGE_S:
            return
        try:
            self.update_now()
            stamp.touch()
        except Missing as missing:
            # Without a network the signed index of the last time says what the cache must hold.
            if not stamp.exists():
                raise
            print(f"#     {missing}: going on with the index of {time.ctime(stamp.stat().st_mtime)}", flush=True)

    def update_now(self):
        # Without this a mirror that is not reached is a warning only.
        run("apt-get", "-q", *self.options, "-o", "APT::Update::Error-Mode=any", "update")

    def field(self, package, name):
        text = run("apt-cache", *self.options, "show", "--no-all-versions", package).decode()
        found = re.search(rf"^{name}: (.*)$", text, re.MULTILINE)
        return found.group(1) if found else ""

    def kernel_packages(self, meta):
        """What holds the image, the modules, and what is built in: one package, from Linux 6.19 on several."""
        names, todo = [], [meta]
        while todo:
            depends = self.field(todo.pop(), "Depends")
            found = set(re.findall(r"linux-(?:image|base|binary|modules)-[0-9][^\s,(]*", depends)) - set(names)
            names += found
            todo += found
        return sorted(names)

    def fetch(self, package, folder):
        """The package's file in folder, as the signed index describes it."""
        expected = self.field(package, "SHA256")
        path = folder / f"{expected}.deb"
        if path.exists() and sha256(path) == expected:
            return path
        with tempfile.TemporaryDirectory(dir=folder) as new:
            run("apt-get", "-q", *self.options, "download", package, cwd=new)
            fetched = next(pathlib.Path(new).glob("*.deb"))
            if sha256(fetched) != expected:
                raise Missing(f"{package}: what was fetched is not what the index names")
            fetched.rename(path)
        return path


def sha256(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# --- what is made from them -----------------------------------------------------------------------

def matches(folder, sums):
    """Every file that md5sum's list names is there, unchanged."""
    return not subprocess.run(["md5sum", "--check", "--status", "-"], input=sums, cwd=folder,
                              capture_output=True, check=False).returncode


def is_whole(folder, debs):
    made = folder / "made.md5"
    for used in [made, *debs]:
        if used.exists():
            os.utime(used)
    return made.exists() and matches(folder, made.read_bytes()) and all(
        matches(folder, run("dpkg-deb", "-I", deb, "md5sums")) for deb in debs)


def first_modules(folder, version):
    """Paths of the modules that the first stage loads, each behind what it depends on."""
    paths = []
    for name in FIRST_MODULES:
        shown = run("modprobe", "-d", folder, "-S", version, "--show-depends", name).decode()
        for words in map(str.split, shown.splitlines()):
            if words[0] == "insmod" and words[1] not in paths:
                paths.append(words[1])
    return map(pathlib.Path, paths)


def make_initrd(kernel, folder):
    """The first stage: busybox, a few modules, and the script that mounts the host's files."""
    with tempfile.TemporaryDirectory(dir=folder) as name:
        root = pathlib.Path(name)
        for sub in ("bin", "dev", "proc", "sys", "lower", "rw", "root", "m"):
            (root / sub).mkdir()
        shutil.copy(BUSYBOX, root / "bin" / "busybox")
        (root / "bin" / "sh").symlink_to("busybox")
        shutil.copy(FIRST_STAGE, root / "init")
        (root / "init").chmod(0o755)
        for number, path in enumerate(first_modules(folder, kernel.version)):
            content = run("xz", "-dc", path) if path.suffix == ".xz" else path.read_bytes()
            (root / "m" / f"{number:02}-{path.name.removesuffix('.xz')}").write_bytes(content)
        names = "".join(f"./{path.relative_to(root)}\n" for path in sorted(root.rglob("*")))
        archive = run("cpio", "-o", "-H", "newc", "--quiet", cwd=root, input=names.encode())
    kernel.initrd.write_bytes(run("gzip", "-1", input=archive))


def make(folder, debs):
    """Unpack and complete a kernel beside folder, then put it there: never half of one."""
    with tempfile.TemporaryDirectory(dir=folder.parent) as name:
        new = pathlib.Path(name) / "new"
        new.mkdir()
        for deb in debs:
            run("dpkg-deb", "-x", deb, new)
        if not (new / "lib").exists():
            (new / "lib").symlink_to("usr/lib")
        shutil.copy(next(new.glob("boot/vmlinuz-*"), None) or next(new.rglob("vmlinuz*")), new / "vmlinuz")
        kernel = Kernel(new)
        run("depmod", "-b", new, kernel.version)
        make_initrd(kernel, new)
        made = ["vmlinuz", "initrd.img", *(str(path.relative_to(new)) for path in
                                           kernel.modules.glob("modules.*"))]
        (new / "made.md5").write_bytes(run("md5sum", *made, cwd=new))
        shutil.rmtree(folder, ignore_errors=True)
        new.rename(folder)


# --- the cache ------------------------------------------------------------------------------------

def cache_folder():
    named = os.environ.get("BYPATH_VM_CACHE")
    folder = pathlib.Path(named) if named else pathlib.Path.home() / ".cache" / "bypath-vm"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.stat()
    except OSError as error:
        raise Missing(f"{folder}: {error.strerror}; name another folder as BYPATH_VM_CACHE") from None
    if status.st_uid != os.geteuid() or status.st_mode & 0o022:
        raise Missing(f"{folder}: others may write there; name another folder as BYPATH_VM_CACHE")
    return folder.resolve()


@contextlib.contextmanager
def locked(folder):
    """Two runs at once: one makes the kernel, the other finds it."""
    with open(folder / "lock", "w", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def get(lane):
    """The lane's kernel, fetched and made where need be. Missing where it cannot be had."""
    meta, release = LANES[lane]
    for tool in TOOLS + (BUSYBOX,):
        if not shutil.which(tool):
            raise Missing(f"no {tool}: install it (see ./quickstart)")
    cache = cache_folder()
    with locked(cache):
        (cache / "debs").mkdir(exist_ok=True)
        apt = Apt(cache / f"apt-{lane}", release)
        apt.update()
        packages = apt.kernel_packages(meta)
        if not packages:
            raise Missing(f"no kernel {lane}: {meta} names no kernel package")
        debs = [apt.fetch(package, cache / "debs") for package in packages]
        # What goes into the first stage is part of what is made: another one, another folder.
        parts = debs + [FIRST_STAGE, pathlib.Path(BUSYBOX), pathlib.Path(__file__)]
        folder = cache / f"{lane}-{hashlib.sha256(b''.join(map(stamp, parts))).hexdigest()[:16]}"
        if not is_whole(folder, debs):
            make(folder, debs)
        tidy(cache)
    return Kernel(folder)


def tidy(cache):
    """Remove what interrupted runs left, and what no run has used for a month."""
    for left in [*cache.glob("tmp*"), *cache.glob("debs/tmp*")]:
        shutil.rmtree(left, ignore_errors=True)
    for old in [*cache.glob("*/made.md5"), *cache.glob("debs/*.deb")]:
        if time.time() - old.stat().st_mtime < UNUSED_S:
            continue
        if old.suffix == ".deb":
            old.unlink()
        else:
            shutil.rmtree(old.parent, ignore_errors=True)


def found(folder, why):
    """What get() found in another process."""
    if not folder:
        raise Missing(why)
    return Kernel(pathlib.Path(folder))


def stamp(path):
    return sha256(path).encode()
