"""Calls that a guest's init needs and busybox does not make: a program of some fifty words.

A new terminal is locked until whoever opened it says otherwise (unlockpt(3)), which is an ioctl(2)
that no command of busybox calls. And what a shell starts in the background without a terminal
ignores SIGINT and SIGQUIT, which no command of busybox takes back: no Ctrl-C would ever arrive. And
nothing tells when a program first writes to its channel, unless it is asked through another one. So
the ram disk holds a program that unlocks the terminal that is its input, or, given words, takes
these two signals back and becomes the program that they name; given `- FILE`, it ends when somebody
writes to that file, with the size of what the kernel says of it, 16, as its exit code.

It is written here as the processor reads it, with what an assembler calls it: nobody needs a
compiler to make it, and everybody can check it.

Sources: ioctl_tty(2), TIOCSPTLCK; sigaction(2); inotify(7); syscall(2), "Architecture calling
conventions"; elf(5).
"""

from __future__ import annotations

import struct

ADDRESS = 0x400000
HEADERS = 64 + 56  # of an ELF file with one segment
X86_64 = bytes.fromhex(
    "488b0424 488d5c2408 488d54c308"  # mov (%rsp),%rax; lea 8(%rsp),%rbx; lea 8(%rbx,%rax,8),%rdx
    "6a00 6a00 6a00 6a00"  # 4 x push $0: "not locked", and the settings of a signal by default
    "ffc8 7469"  # dec %eax; je unlock: without words
    "488b7308 803e2d 7432"  # mov 8(%rbx),%rsi; cmpb $'-',(%rsi); je watch
    "52 bd02000000"  # push %rdx; mov $2,%ebp: SIGINT
    "b80d000000 89ef"  # next: mov $13,%eax (rt_sigaction); mov %ebp,%edi
    "488d742408 31d2 41ba08000000 0f05"  # lea 8(%rsp),%rsi; xor %edx,%edx; mov $8,%r10d; syscall
    "ffc5 83fd04 75e3"  # inc %ebp; cmp $4,%ebp; jne next: up to SIGQUIT
    "5a 488d7308 488b3e"  # pop %rdx; lea 8(%rbx),%rsi; mov (%rsi),%rdi
    "b83b000000 eb3d"  # mov $59,%eax (execve); jmp last
    "b826010000 31ff 0f05"  # watch: mov $294,%eax (inotify_init1); xor %edi,%edi; syscall
    "89c7 488b7310 ba02000000"  # mov %eax,%edi; mov 16(%rbx),%rsi; mov $2,%edx: IN_MODIFY
    "b8fe000000 0f05"  # mov $254,%eax (inotify_add_watch); syscall
    "4881ec00010000 4889e6 ba00010000"  # sub $256,%rsp; mov %rsp,%rsi; mov $256,%edx
    "31c0 eb0f"  # xor %eax,%eax (read); jmp last
    "31ff be31540440 4889e2"  # unlock: xor %edi,%edi; mov $TIOCSPTLCK,%esi; mov %rsp,%rdx
    "b810000000"  # mov $16,%eax (ioctl)
    "0f05 89c7 b83c000000 0f05"  # last: syscall; mov %eax,%edi; mov $60,%eax (exit); syscall
)
AARCH64 = struct.pack(
    "<49I",
    *(0xF94003F3, 0x910023F4),  # ldr x19, [sp]; add x20, sp, #8
    *(0x8B130E95, 0x910022B5),  # add x21, x20, x19, lsl #3; add x21, x21, #8
    *(0xA9BF7FFF, 0xA9BF7FFF),  # 2 x stp xzr, xzr, [sp, #-16]!
    *(0xF100067F, 0x54000440),  # cmp x19, #1; b.eq unlock
    *(0xF9400680, 0x39400001),  # ldr x0, [x20, #8]; ldrb w1, [x0]
    *(0x7100B43F, 0x54000200),  # cmp w1, #'-'; b.eq watch
    0xD2800056,  # mov x22, #2: SIGINT
    *(0xAA1603E0, 0x910003E1, 0xD2800002),  # next: mov x0, x22; mov x1, sp; mov x2, #0
    *(0xD2800103, 0xD28010C8, 0xD4000001),  # mov x3, #8; mov x8, #134 (rt_sigaction); svc #0
    *(0x910006D6, 0xF10012DF, 0x54FFFF01),  # add x22, x22, #1; cmp x22, #4; b.ne next
    *(0xF9400680, 0x91002281, 0xAA1503E2),  # ldr x0, [x20, #8]; add x1, x20, #8; mov x2, x21
    *(0xD2801BA8, 0x14000014),  # mov x8, #221 (execve); b last
    *(0xD2800000, 0xD2800348, 0xD4000001),  # watch: mov x0, #0; mov x8, #26 (inotify_init1); svc #0
    *(0xAA0003F6, 0xF9400A81, 0xD2800042),  # mov x22, x0; ldr x1, [x20, #16]; mov x2, #2: IN_MODIFY
    *(0xD2800368, 0xD4000001),  # mov x8, #27 (inotify_add_watch); svc #0
    *(0xAA1603E0, 0xD10403FF, 0x910003E1),  # mov x0, x22; sub sp, sp, #256; mov x1, sp
    *(0xD2802002, 0xD28007E8, 0x14000006),  # mov x2, #256; mov x8, #63 (read); b last
    *(0xD2800000, 0x528A8621, 0x72A80081),  # unlock: mov x0, #0; mov(k) w1, TIOCSPTLCK
    *(0x910003E2, 0xD28003A8),  # mov x2, sp; mov x8, #29 (ioctl)
    *(0xD4000001, 0xD2800BA8, 0xD4000001),  # last: svc #0; mov x8, #93 (exit); svc #0
)
PROGRAMS = {"x86_64": (62, X86_64), "aarch64": (183, AARCH64)}  # the number is elf(5)'s


def program(machine: str) -> bytes:
    """The whole file, for a kind of processor as uname(2) names it."""
    number, code = PROGRAMS.get(machine, PROGRAMS["x86_64"])
    size = HEADERS + len(code)
    kind = b"\x7fELF" + bytes([2, 1, 1]) + bytes(9)  # 64 bits, the low byte first
    header = struct.pack(
        "<HHIQQQIHHHHHH", 2, number, 1, ADDRESS + HEADERS, 64, 0, 0, 64, 56, 1, 64, 0, 0
    )
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, ADDRESS, ADDRESS, size, size, 0x1000)
    return kind + header + segment + code
