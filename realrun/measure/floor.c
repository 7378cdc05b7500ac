/*
 * The container in 300 lines of C: what the kernel is asked for, and nothing else.
 *
 *     floor JOBS STAMPS SCORE...
 *
 * A score is a text file that `realrun/measure/score.py` writes out of the engine's own plan: one
 * request to the kernel a line, its words separated by tabs, "-" for NULL. The lines up to `clone`
 * are done by this process, those up to `exec` by its child in the new namespaces, and those after
 * it again by this process, when the child has ended. `done NAME` notes the time: a step is over.
 *
 * At most JOBS scores are played at once. With JOBS 0 none has to end: each is begun when the
 * program of the one before runs, and all are killed when the last one does.
 *
 * To the file STAMPS go number of the score, name of the step and nanoseconds of CLOCK_MONOTONIC: a
 * line for each `done`, and for `begin`, `running` (the child's exec(2) is over), `exit`, `removed`.
 *
 * Sources: the man pages of the calls; the struct of mount_setattr(2) and the like are in linux/.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <poll.h>
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
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_STAMPS = 64, TREE_CLONE = 1, FROM_FD = 0x04, TO_FD = 0x40 };

struct line {
    void (*play)(char **words);
    char **words; /* behind the first; ends with NULL */
};

struct stamp {
    char *name; /* a word of the score, which parent and child share */
    long long ns;
};

struct job {
    struct line *lines, *at; /* the score, and where we are in it */
    struct stamp stamps[MAX_STAMPS];
    int count, fd; /* fd: the child's stamps, then its pidfd */
    int pidfd, running, over;
};

static struct job *now;     /* whose score is played */
static int child_stamps = -1; /* in the child: where its stamps go */

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

static void note(char *name)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    struct stamp stamp = { name, at.tv_sec * 1000000000LL + at.tv_nsec };
    if (child_stamps >= 0)
        check(write(child_stamps, &stamp, sizeof stamp), "write", "stamp");
    else if (now->count < MAX_STAMPS)
        now->stamps[now->count++] = stamp;
}

/* --- one function for each word that a line can begin with -------------------------------------- */

static void done(char **w) /* done NAME */
{
    note(w[0]);
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

static void cover(char **w) /* cover PATH: with /dev/null, or with an empty folder */
{
    int result = mount("/dev/null", w[0], NULL, MS_BIND, NULL);
    if (result < 0 && errno == ENOTDIR)
        result = mount("tmpfs", w[0], "tmpfs", MS_RDONLY, "size=0");
    check(result < 0 && errno == ENOENT ? 0 : result, "mount", w[0]);
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

static void make_child(char **w) /* clone NAMESPACES: the child plays on */
{
    int ends[2];
    check(pipe2(ends, O_CLOEXEC), "pipe2", "");
    struct clone_args how = { .flags = namespaces(w) | CLONE_PIDFD, .exit_signal = SIGCHLD };
    how.pidfd = (unsigned long)&now->pidfd;
    long pid = syscall(SYS_clone3, &how, sizeof how);
    check(pid, "clone3", w[0]);
    if (pid) {
        close(ends[1]);
        now->fd = ends[0];
        return;
    }
    child_stamps = 3;
    check(prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0), "prctl", "parent death signal");
    umask(022);
    check(dup3(ends[1], 3, O_CLOEXEC), "dup3", "stamps");
    check(syscall(SYS_close_range, 4, ~0U, 0), "close_range", "4-");
    note("clone");
}

/* --- reading scores and playing them ------------------------------------------------------------ */

static const struct {
    const char *word;
    void (*play)(char **words);
    int count; /* how many words it takes at least */
} VERBS[] = {
    { "bind_below", bind_below, 3 },   { "chdir", change_folder, 1 }, { "clone", make_child, 0 },
    { "cover", cover, 1 },             { "create", create, 2 },       { "done", done, 1 },
    { "drop_bounding", drop_bounding, 1 }, { "ensure_directory", mount_point, 2 },
    { "exec", execute, 2 },            { "freeze", freeze, 1 },       { "guard_devices", guard_devices, 2 }, { "install", filter, 2 },
    { "join", join, 1 },               { "lead_session", session, 0 },    { "leave_keyring", leave_keyring, 0 }, { "loopback_up", loopback, 0 },
    { "makedirs", make_folder, 1 },    { "make_device", device, 3 },      { "make_private", make_private, 0 },
    { "mkdir", make_folder, 1 },       { "mount", mount_one, 4 },     { "pivot_root", pivot, 1 },
    { "rmdir", remove_folder, 1 },     { "set_all", rights, 1 },      { "set_groups", groups, 0 },
    { "set_hostname", host_name, 1 },  { "setresgid", group, 3 },     { "setresuid", user, 3 },
    { "symlink", symbolic_link, 2 },   { "unlink", remove_file, 1 },  { "unshare", leave, 1 },
    { "write", write_to, 2 },
};

static char *unescaped(char *word) /* \n, \t and \\ as what they stand for, in place */
{
    char *to = word;
    for (char *from = word; *from; from++)
        *to++ = *from != '\\' ? *from : *++from == 'n' ? '\n' : *from == 't' ? '\t' : *from;
    *to = 0;
    return word;
}

static void parse(char *text, struct line *line)
{
    int count = 0, room = 2;
    for (char *at = text; *at; at++)
        room += *at == '\t';
    line->words = calloc(room, sizeof *line->words);
    char *word = strsep(&text, "\t");
    while (text)
        line->words[count++] = unescaped(strsep(&text, "\t"));
    for (size_t n = 0; n < sizeof VERBS / sizeof *VERBS; n++)
        if (!strcmp(VERBS[n].word, word) && count >= VERBS[n].count)
            line->play = VERBS[n].play;
    if (!line->play) {
        fprintf(stderr, "floor: '%s' with %d words is no line of a score\n", word, count);
        exit(125);
    }
}

static void read_score(const char *path, struct job *job)
{
    struct stat is;
    int fd = open(path, O_RDONLY | O_CLOEXEC), count = 0;
    check(fd, "open", path);
    check(fstat(fd, &is), "stat", path);
    char *text = malloc(is.st_size + 1), *line;
    check(read(fd, text, is.st_size), "read", path);
    close(fd);
    text[is.st_size] = 0;
    for (long n = 0; n < is.st_size; n++)
        count += text[n] == '\n';
    job->lines = job->at = calloc(count + 1, sizeof *job->lines);
    for (struct line *to = job->lines; count--; to++)
        line = strsep(&text, "\n"), parse(line, to);
}

static void play(struct job *job, void (*last)(char **)) /* up to `last`, or to the end */
{
    now = job;
    while (job->at->play) {
        struct line *line = job->at++;
        line->play(line->words);
        if (line->play == last)
            return;
    }
}

static void begin(struct job *job)
{
    now = job;
    note("begin");
    play(job, make_child);
    if (child_stamps >= 0)
        play(job, NULL); /* ends with exec */
    note("cloned");
    while (job->at->play != execute)
        job->at++;
    job->at++;
}

static void hear(struct job *job) /* more stamps, their end, or the child's */
{
    now = job;
    if (!job->running) {
        int room = (MAX_STAMPS - job->count) * sizeof(struct stamp);
        int got = read(job->fd, job->stamps + job->count, room);
        check(got, "read", "stamps");
        job->count += got / sizeof(struct stamp);
        if (got)
            return;
        note("running");
        close(job->fd);
        job->fd = job->pidfd;
        job->running = 1;
        return;
    }
    siginfo_t how = { 0 };
    check(waitid(P_PIDFD, job->pidfd, &how, WEXITED), "waitid", "");
    note("exit");
    if (how.si_code != CLD_KILLED && how.si_status) {
        fprintf(stderr, "floor: the program ended with %d\n", how.si_status);
        exit(125);
    }
    close(job->pidfd);
    play(job, NULL);
    note("removed");
    job->over = 1;
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: floor JOBS STAMPS SCORE...\n");
        return 125;
    }
    int count = argc - 3, next = 0, alive = 0, starting = 0, keep = !number(argv[1]);
    struct job *jobs = calloc(count, sizeof *jobs);
    struct pollfd *polls = calloc(count, sizeof *polls);
    FILE *stamps = fopen(argv[2], "we");
    check(stamps ? 0 : -1, "open", argv[2]);
    for (int n = 0; n < count; n++)
        read_score(argv[n + 3], &jobs[n]);
    for (int left = count; left;) {
        for (; next < count && (keep ? !starting : alive < number(argv[1])); alive++, starting++)
            begin(&jobs[next++]);
        if (keep && next == count && !starting)
            for (int n = 0; n < count; n++)
                if (!jobs[n].over)
                    syscall(SYS_pidfd_send_signal, jobs[n].pidfd, SIGKILL, NULL, 0);
        for (int n = 0; n < next; n++)
            polls[n] = (struct pollfd){ jobs[n].over ? -1 : jobs[n].fd, POLLIN, 0 };
        check(poll(polls, next, -1), "poll", "");
        for (int n = 0; n < next; n++)
            if (polls[n].fd >= 0 && polls[n].revents) {
                int ran = jobs[n].running;
                hear(&jobs[n]);
                starting -= jobs[n].running && !ran;
                alive -= jobs[n].over;
                left -= jobs[n].over;
            }
    }
    for (int n = 0; n < count; n++)
        for (int s = 0; s < jobs[n].count; s++)
            fprintf(stamps, "%d\t%s\t%lld\n", n, jobs[n].stamps[s].name, jobs[n].stamps[s].ns);
    return 0;
}
