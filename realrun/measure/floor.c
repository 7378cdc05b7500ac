/*
 * The kernel floor: the engine's plan played in C, and nothing else.
 *
 *     floor JOBS STAMPS SCORE...
 *
 * A score is a text file that `realrun/measure/score.py` writes out of the engine's own plan: one
 * request to the kernel a line, its words separated by tabs, "-" for NULL. The lines up to `clone`
 * are done by this process, those up to `exec` by its child in the new namespaces, and those after
 * it again by this process, when the child has ended. `done NAME` notes the time: a step is over.
 * What the words mean says requests.h: that is the container.
 *
 * At most JOBS scores are played at once. With JOBS 0 none has to end: each is begun when the
 * program of the one before runs, and all are killed when the last one does.
 *
 * To the file STAMPS go number of the score, name of the step and nanoseconds of CLOCK_MONOTONIC: a
 * line for each `done`, and for `begin`, `running` (the child's exec(2) is over), `exit`, `removed`.
 *
 * Sources: clone3(2), poll(2), pidfd_open(2).
 */
#define _GNU_SOURCE
#include "requests.h"

#include <linux/sched.h>
#include <poll.h>
#include <sys/wait.h>
#include <time.h>

enum { MAX_STAMPS = 64 };

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

static struct job *now;       /* whose score is played */
static int child_stamps = -1; /* in the child: where its stamps go */

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

static void done(char **w) /* done NAME */
{
    note(w[0]);
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

static const struct {
    const char *word;
    void (*play)(char **words);
    int count; /* how many words it takes at least */
} VERBS[] = {
    { "bind_below", bind_below, 3 },
    { "chdir", change_folder, 1 },
    { "clone", make_child, 0 },
    { "cover", cover, 1 },
    { "create", create, 2 },
    { "done", done, 1 },
    { "drop_bounding", drop_bounding, 1 },
    { "ensure_directory", mount_point, 2 },
    { "enter_directory", enter, 1 },
    { "exec", execute, 2 },
    { "freeze", freeze, 1 },
    { "guard_devices", guard_devices, 2 },
    { "install", filter, 2 },
    { "join", join, 1 },
    { "lead_session", session, 0 },
    { "leave_keyring", leave_keyring, 0 },
    { "loopback_up", loopback, 0 },
    { "make_device", device, 3 },
    { "make_private", make_private, 0 },
    { "makedirs", make_folder, 1 },
    { "mkdir", make_folder, 1 },
    { "mount", mount_one, 4 },
    { "pivot_root", pivot, 1 },
    { "rmdir", remove_folder, 1 },
    { "set_all", rights, 1 },
    { "set_groups", groups, 0 },
    { "set_hostname", host_name, 1 },
    { "setresgid", group, 3 },
    { "setresuid", user, 3 },
    { "symlink", symbolic_link, 2 },
    { "unlink", remove_file, 1 },
    { "unshare", leave, 1 },
    { "use_own_null", own_null, 0 },
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
            polls[n] = (struct pollfd){ jobs[n].over ? -1 : jobs[n].fd,
                                       jobs[n].running ? POLLIN : 0, 0 };
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
