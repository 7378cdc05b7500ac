/*
 * The container in C: what it asks the kernel for, one function for each word of a score.
 *
 * Each gets the words behind its own. What it is refused ends the process with 125, as with Docker.
 *
 * Sources: the man pages of the calls; for bpf(2) and seccomp(2) the kernel's linux/bpf.h, filter.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { TREE_CLONE = 1, FROM_FD = 0x04, TO_FD = 0x40 }; /* linux/mount.h, which sys/mount.h excludes */

static void check(long result, const char *call, const char *on)
{
    if (result >= 0)
        return;
    fprintf(stderr, "floor: %s(%s): %s\n", call, on ? on : "", strerror(errno));
    _exit(125);
}

static long number(const char *word)
{
    return strtol(word, NULL, 0);
}

static int digit(char hex)
{
    return hex <= '9' ? hex - '0' : hex - 'a' + 10;
}

static void bytes_of(const char *hex, unsigned char *code)
{
    for (; *hex; hex += 2)
        *code++ = digit(hex[0]) << 4 | digit(hex[1]);
}

static void make_folder(char **w) /* mkdir PATH [MODE]: that it is there already is fine */
{
    int result = mkdir(w[0], w[1] ? number(w[1]) : 0755);
    check(result < 0 && errno == EEXIST ? 0 : result, "mkdir", w[0]);
}

static void mount_point(char **w) /* ensure_directory ROOT NAME: no link of the image's */
{
    struct stat is;
    char path[strlen(w[0]) + strlen(w[1]) + 2];
    sprintf(path, "%s/%s", w[0], w[1]);
    if (!mkdir(path, 0755))
        return;
    check(lstat(path, &is), "lstat", path);
    check(S_ISDIR(is.st_mode) ? 0 : -1, "mkdir", path);
}

static void fill(const char *path, char **texts, int flags) /* each text in one piece */
{
    int fd = open(path, flags | O_WRONLY | O_CLOEXEC, 0644);
    check(fd, "open", path);
    for (; *texts; texts++)
        check(write(fd, *texts, strlen(*texts)), "write", path);
    close(fd);
}

static void create(char **w) /* create PATH TEXT */
{
    fill(w[0], w + 1, O_CREAT | O_EXCL);
}

static void write_to(char **w) /* write PATH TEXT...: one of the kernel's files */
{
    fill(w[0], w + 1, 0);
}

static void join(char **w) /* join FOLDER...: the control group; version 1 has a file for threads */
{
    for (; *w; w++) {
        char path[strlen(*w) + sizeof "/cgroup.procs"];
        sprintf(path, "%s/tasks", *w);
        if (access(path, F_OK))
            sprintf(path, "%s/cgroup.procs", *w);
        fill(path, (char *[]){ "0", NULL }, 0);
    }
}

static void symbolic_link(char **w) /* symlink TEXT PATH */
{
    check(symlink(w[0], w[1]), "symlink", w[1]);
}

static void device(char **w) /* make_device PATH MAJOR MINOR */
{
    check(mknod(w[0], S_IFCHR | 0666, makedev(number(w[1]), number(w[2]))), "mknod", w[0]);
    check(chmod(w[0], 0666), "chmod", w[0]);
}

static void change_folder(char **w) /* chdir PATH */
{
    check(chdir(w[0]), "chdir", w[0]);
}

static int is_null(int fd) /* is it a node of the null device */
{
    struct stat is;
    check(fstat(fd, &is), "fstat", "/dev/null");
    return S_ISCHR(is.st_mode) && is.st_rdev == makedev(1, 3);
}

static void enter(char **w) /* enter_directory PATH: not one outside of the root */
{
    char path[PATH_MAX];
    check(chdir(w[0]), "chdir", w[0]);
    check(getcwd(path, sizeof path) && *path == '/' ? 0 : -1, "getcwd", w[0]);
}

static void own_null(char **w) /* use_own_null: in place of the host's, whose mode could be changed */
{
    int own = open("/dev/null", O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    check(own, "open", w[0]);
    for (int fd = 0; fd < 3; fd++)
        if (is_null(fd))
            check(dup2(own, fd), "dup2", "/dev/null");
    close(own);
}

static void mount_one(char **w) /* mount SOURCE TARGET KIND FLAGS [OPTIONS] */
{
    for (int n = 0; w[n]; n++)
        if (!strcmp(w[n], "-"))
            w[n] = NULL;
    check(mount(w[0], w[1], w[2], number(w[3]), w[4]), "mount", w[1]);
}

static void make_private(char **w) /* make_private: what we mount is not seen on the host */
{
    check(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "mount", w[0]);
}

static void cover(char **w) /* cover PATH...: with the null device, or with an empty folder */
{
    int null = open("/dev/null", O_PATH | O_NOFOLLOW | O_CLOEXEC), result;
    char node[32]; /* by a descriptor, which nobody can exchange */
    check(null >= 0 && is_null(null) ? 0 : -1, "open", "/dev/null");
    sprintf(node, "/proc/self/fd/%d", null);
    for (; *w; w++) {
        result = mount(node, *w, NULL, MS_BIND, NULL);
        if (result < 0 && errno == ENOTDIR)
            result = mount("tmpfs", *w, "tmpfs", MS_RDONLY, "size=0");
        check(result < 0 && errno == ENOENT ? 0 : result, "mount", *w);
    }
    close(null);
}

static void freeze(char **w) /* freeze PATH: read-only from now on */
{
    unsigned long flags = MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC;
    if (!mount(w[0], w[0], NULL, MS_BIND | MS_REC, NULL))
        check(mount(NULL, w[0], NULL, flags, NULL), "mount", w[0]);
    else
        check(errno == ENOENT ? 0 : -1, "mount", w[0]);
}

static void bind_below(char **w) /* bind_below ROOT SOURCE TARGET: where the links of ROOT lead */
{
    struct open_how how = { .flags = O_PATH | O_CLOEXEC,
                            .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };
    int root = open(w[0], O_PATH | O_DIRECTORY | O_CLOEXEC), place;
    check(root, "open", w[0]);
    int tree = syscall(SYS_open_tree, AT_FDCWD, w[1], TREE_CLONE | O_CLOEXEC | AT_RECURSIVE);
    check(tree, "open_tree", w[1]);
    do
        place = syscall(SYS_openat2, root, w[2], &how, sizeof how);
    while (place < 0 && errno == EAGAIN);
    check(place, "openat2", w[2]);
    check(syscall(SYS_move_mount, tree, "", place, "", FROM_FD | TO_FD), "move_mount", w[2]);
    close(place);
    close(tree);
    close(root);
}

static void pivot(char **w) /* pivot_root ROOT: the old root is stacked on it, and detached */
{
    check(chdir(w[0]), "chdir", w[0]);
    check(syscall(SYS_pivot_root, ".", "."), "pivot_root", w[0]);
    check(mount(NULL, ".", NULL, MS_REC | MS_SLAVE, NULL), "mount", "slave");
    check(umount2(".", MNT_DETACH), "umount2", "the old root");
    check(chdir("/"), "chdir", "/");
}

static unsigned long namespaces(char **w) /* the flags for namespaces by name */
{
    static const struct { const char *name; unsigned long flag; } ALL[] = {
        { "mnt", CLONE_NEWNS }, { "cgroup", CLONE_NEWCGROUP }, { "uts", CLONE_NEWUTS },
        { "ipc", CLONE_NEWIPC }, { "pid", CLONE_NEWPID }, { "net", CLONE_NEWNET },
    };
    unsigned long flags = 0;
    for (; *w; w++)
        for (size_t n = 0; n < sizeof ALL / sizeof *ALL; n++)
            flags |= strcmp(ALL[n].name, *w) ? 0 : ALL[n].flag;
    return flags;
}

static void leave(char **w) /* unshare NAMESPACE */
{
    check(unshare(namespaces(w)), "unshare", w[0]);
}

static void host_name(char **w) /* set_hostname NAME */
{
    check(sethostname(w[0], strlen(w[0])), "sethostname", w[0]);
}

static void loopback(char **w) /* loopback_up */
{
    struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    check(fd, "socket", w[0]);
    check(ioctl(fd, SIOCSIFFLAGS, &lo), "SIOCSIFFLAGS", "lo");
    close(fd);
}

static void filter(char **w) /* install HEX FLAGS: struct sock_filter, 8 bytes each */
{
    unsigned char code[strlen(w[0]) / 2];
    bytes_of(w[0], code);
    struct sock_fprog program = { sizeof code / 8, (struct sock_filter *)code };
    check(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, number(w[1]), &program), "seccomp", "");
}

static void leave_keyring(char **w) /* leave_keyring: begin with an empty one of our own */
{
    long ring = syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
    if (ring >= 0)
        ring = syscall(SYS_keyctl, KEYCTL_SETPERM, ring, 0x3f000000);
    check(ring < 0 && errno == ENOSYS ? 0 : ring, "keyctl", w[0]);
}

static void session(char **w) /* lead_session */
{
    check(getsid(0) == getpid() ? 0 : setsid(), "setsid", w[0]);
}

static void drop_bounding(char **w) /* drop_bounding MASK: all capabilities but these */
{
    long keep = number(w[0]);
    for (int n = 0; prctl(PR_CAPBSET_READ, n, 0, 0, 0) >= 0; n++)
        if (!(keep >> n & 1))
            check(prctl(PR_CAPBSET_DROP, n, 0, 0, 0), "prctl", "bounding set");
}

static void groups(char **w) /* set_groups GROUP... */
{
    gid_t ids[64];
    int count = 0;
    while (w[count] && count < 64)
        ids[count] = number(w[count]), count++;
    check(setgroups(count, ids), "setgroups", w[0]);
}

static void group(char **w) /* setresgid GID GID GID */
{
    check(setresgid(number(w[0]), number(w[1]), number(w[2])), "setresgid", w[0]);
}

static void user(char **w) /* setresuid UID UID UID */
{
    check(setresuid(number(w[0]), number(w[1]), number(w[2])), "setresuid", w[0]);
}

static void rights(char **w) /* set_all MASK: permitted and effective capabilities */
{
    unsigned long long keep = number(w[0]);
    struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
    struct __user_cap_data_struct sets[2] = { { keep, keep, 0 }, { keep >> 32, keep >> 32, 0 } };
    check(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), "prctl", "ambient set");
    check(syscall(SYS_capset, &header, sets), "capset", w[0]);
}

static void execute(char **w) /* exec ARGUMENTS -- ENVIRONMENT */
{
    char **env = w;
    while (strcmp(*env, "--"))
        env++;
    *env++ = NULL;
    check(prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0), "prctl", "parent death signal");
    check(execve(w[0], w, env), "execve", w[0]);
}

static void guard_devices(char **w) /* guard_devices FOLDER HEX: struct bpf_insn, 8 bytes each */
{
    unsigned char code[strlen(w[1]) / 2];
    union bpf_attr load = { .prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
                            .insn_cnt = sizeof code / 8,
                            .insns = (unsigned long)code,
                            .license = (unsigned long)"GPL" };
    union bpf_attr attach = { .attach_type = BPF_CGROUP_DEVICE, .attach_flags = BPF_F_ALLOW_MULTI };
    bytes_of(w[1], code);
    int folder = open(w[0], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    check(folder, "open", w[0]);
    int program = syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof load);
    check(program, "bpf", "load");
    attach.target_fd = folder;
    attach.attach_bpf_fd = program;
    check(syscall(SYS_bpf, BPF_PROG_ATTACH, &attach, sizeof attach), "bpf", "attach");
    close(program);
    close(folder);
}

static void remove_file(char **w) /* unlink PATH */
{
    check(unlink(w[0]), "unlink", w[0]);
}

static void remove_folder(char **w) /* rmdir PATH: an empty folder or a control group */
{
    int result;
    do
        result = rmdir(w[0]);
    while (result < 0 && errno == EBUSY); /* the kernel is not done with the last process */
    check(result, "rmdir", w[0]);
}
