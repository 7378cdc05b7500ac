/*
 * The kernel floor: the engine's plan played in C, and nothing else.
 *
 *     floor JOBS STAMPS SCORE...
 *
 * A score is a file that `realrun/measure/score.py` writes out of the engine's own plan: records, each
 * a step made of system calls. This process makes those before the clone; its child in the new
 * namespaces makes those inside, of which the last is its exec; those after are made here again when
 * the child has ended.
 *
 * At most JOBS scores are played at once. With JOBS 0 none has to end: each is begun when the
 * program of the one before runs, and all are killed when the last one does.
 *
 * To the file STAMPS go number of the score, name of the step and nanoseconds of CLOCK_MONOTONIC, when
 * it was over: a line for each step, and for `begin`, `running` (the child's exec(2) is over), `exit`,
 * `removed`.
 *
 * Sources: clone3(2), poll(2), pidfd_open(2).
 */
#include "../linux/play.c"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { BEFORE, CLONE, INSIDE, AFTER, MAX_STAMPS = 64 };

struct record { /* and `size` bytes: a piece, or the flags of clone3(2) */
    uint32_t who, size;
    char name[56];
};

struct mark {
    const char *name; /* of a record, which parent and child share */
    uint64_t at;
};

struct job {
    struct record *at, *end; /* the score, and where we are in it */
    struct mark marks[MAX_STAMPS];
    int count, fd; /* fd: the child's marks, then its pidfd */
    int pidfd, running, over;
};

static struct job *now;       /* whose score is played */
static int child_marks = -1; /* in the child: where its marks go */

static void check(long result, const char *call, const char *on)
{
    if (result >= 0)
        return;
    fprintf(stderr, "floor: %s(%s): %s\n", call, on, strerror(errno));
    _exit(125);
}

static void note(const char *name)
{
    struct mark mark = { name, ns(CLOCK_MONOTONIC) };
    if (child_marks >= 0)
        check(write(child_marks, &mark, sizeof mark), "write", "marks");
    else if (now->count < MAX_STAMPS)
        now->marks[now->count++] = mark;
}

static struct record *next(struct record *record)
{
    return (struct record *)((char *)(record + 1) + record->size);
}

static void make_child(uint64_t flags)
{
    int ends[2];
    check(pipe2(ends, O_CLOEXEC), "pipe2", "");
    struct clone_args how = { .flags = flags | CLONE_PIDFD, .exit_signal = SIGCHLD };
    how.pidfd = (uintptr_t)&now->pidfd;
    long pid = syscall(SYS_clone3, &how, sizeof how);
    check(pid, "clone3", "");
    if (pid) {
        close(ends[1]);
        now->fd = ends[0];
        return;
    }
    child_marks = 3;
    check(prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0), "prctl", "parent death signal");
    umask(022);
    check(dup3(ends[1], 3, O_CLOEXEC), "dup3", "marks");
    check(syscall(SYS_close_range, 4, ~0U, 0), "close_range", "4-");
    note("clone");
}

static void play_step(struct record *record)
{
    int refused = play((struct piece *)(record + 1));
    if (refused) {
        fprintf(stderr, "floor: step '%s', call %d: %s\n", record->name, refused, strerror(errno));
        _exit(125);
    }
    note(record->name);
}

static void play_on(struct job *job, uint32_t who) /* the steps of one of us, as far as they go */
{
    now = job;
    for (; job->at < job->end && job->at->who == who; job->at = next(job->at))
        play_step(job->at);
}

static void begin(struct job *job)
{
    now = job;
    note("begin");
    play_on(job, BEFORE);
    make_child(*(uint64_t *)(job->at + 1));
    job->at = next(job->at);
    if (child_marks >= 0)
        play_on(job, INSIDE); /* ends with exec */
    note("cloned");
    while (job->at->who == INSIDE)
        job->at = next(job->at);
}

static void hear(struct job *job) /* more marks, their end, or the child's */
{
    now = job;
    if (!job->running) {
        int room = (MAX_STAMPS - job->count) * sizeof(struct mark);
        int got = read(job->fd, job->marks + job->count, room);
        check(got, "read", "marks");
        job->count += got / sizeof(struct mark);
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
    play_on(job, AFTER); /* called `removed` */
    job->over = 1;
}

static void read_score(const char *path, struct job *job)
{
    struct stat is;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    check(fd, "open", path);
    check(fstat(fd, &is), "stat", path);
    char *memory = malloc(is.st_size);
    check(read(fd, memory, is.st_size), "read", path);
    close(fd);
    job->at = (struct record *)memory;
    job->end = (struct record *)(memory + is.st_size);
    for (struct record *one = job->at; one < job->end; one = next(one)) {
        if (one + 1 > job->end || next(one) > job->end || one->who > AFTER) {
            fprintf(stderr, "floor: %s is no score\n", path);
            exit(125);
        }
        if (one->who != CLONE)
            settle((struct piece *)(one + 1));
    }
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: floor JOBS STAMPS SCORE...\n");
        return 125;
    }
    int most = atoi(argv[1]), count = argc - 3, begun = 0, alive = 0, starting = 0;
    struct job *jobs = calloc(count, sizeof *jobs);
    struct pollfd *polls = calloc(count, sizeof *polls);
    FILE *stamps = fopen(argv[2], "we");
    check(stamps ? 0 : -1, "open", argv[2]);
    for (int n = 0; n < count; n++)
        read_score(argv[n + 3], &jobs[n]);
    for (int left = count; left;) {
        for (; begun < count && (most ? alive < most : !starting); alive++, starting++)
            begin(&jobs[begun++]);
        if (!most && begun == count && !starting)
            for (int n = 0; n < count; n++)
                if (!jobs[n].over)
                    syscall(SYS_pidfd_send_signal, jobs[n].pidfd, SIGKILL, NULL, 0);
        for (int n = 0; n < begun; n++)
            polls[n] = (struct pollfd){ jobs[n].over ? -1 : jobs[n].fd,
                                       jobs[n].running ? POLLIN : 0, 0 };
        check(poll(polls, begun, -1), "poll", "");
        for (int n = 0; n < begun; n++)
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
            fprintf(stamps, "%d\t%s\t%lu\n", n, jobs[n].marks[s].name, jobs[n].marks[s].at);
    return 0;
}
