# Before main on a bare machine, and after it.
        .section .text.start, "ax"
        .globl _start
_start: la      sp, stack
        la      t0, __bss_start
        la      t1, _end
1:      bgeu    t0, t1, 2f
        sw      zero, 0(t0)
        addi    t0, t0, 4
        j       1b
2:      call    main
        .globl done
done:   j       done
        .bss
        .balign 16
        .skip   512
stack:
