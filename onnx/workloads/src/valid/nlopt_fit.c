/* NLopt's Nelder-Mead on Rosenbrock-like functions: numeric, with callbacks.
 * args: dimension evaluations */
#include <math.h>
#include <neldermead.h>
#include <stdio.h>
#include <stdlib.h>

static double valley(unsigned n, const double *x, double *grad, void *data) {
    (void)grad, (void)data;
    double s = 0;
    for (unsigned i = 0; i + 1 < n; i++) {
        double a = x[i + 1] - x[i] * x[i], b = 1 - x[i];
        s += 100 * a * a + b * b + 0.1 * cos(3 * x[i]);
    }
    return s;
}

int main(int argc, char **argv) {
    int n = argc > 1 ? atoi(argv[1]) : 4, nevals = 0, stop_now = 0;
    double x[16], lb[16], ub[16], step[16], best;
    for (int i = 0; i < n; i++)
        x[i] = -1.2 + 0.3 * i, lb[i] = -5, ub[i] = 5, step[i] = 0.5;
    nlopt_stopping stop = {0};
    stop.n = (unsigned)n;
    stop.minf_max = -HUGE_VAL;
    stop.nevals_p = &nevals;
    stop.maxeval = argc > 2 ? atoi(argv[2]) : 1000;
    stop.force_stop = &stop_now;
    int rc = nldrmd_minimize(n, valley, 0, lb, ub, x, &best, step, &stop);
    printf("checksum %d %d %.8e\n", rc, nevals, best);
    return 0;
}
