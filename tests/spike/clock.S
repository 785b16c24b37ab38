# Reads the cycle counter before and after a walk through 64 KiB, and again behind an instruction
# that traps; passes the cycles between the first and the last reading to Spike, as its exit code.
    .globl _start
_start:
    la t0, handler
    csrw mtvec, t0
    la a0, data
    li a1, 1024
    rdcycle s2
1:  ld t1, 0(a0)
    add s1, s1, t1
    mul s1, s1, s1
    addi a0, a0, 64
    addi a1, a1, -1
    bnez a1, 1b
    rdcycle s3
    .word 0xFFFFFFFF
    rdcycle s4
    sub t0, s4, s2
    slli t0, t0, 1
    ori t0, t0, 1
    la t1, tohost
    sd t0, 0(t1)
2:  j 2b

    .balign 4
handler:
    csrr t3, mepc
    addi t3, t3, 4
    csrw mepc, t3
    mret

    .section .tohost, "aw"
    .balign 64
    .globl tohost, fromhost
tohost:
    .dword 0
    .balign 64
fromhost:
    .dword 0

    .bss
    .balign 64
data:
    .skip 65536
