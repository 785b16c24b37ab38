"""The settings of a training run, and their checks."""

import argparse
from argparse import Namespace
from collections.abc import Sequence

from perfvec_training.mistakes import described


def parse(arguments: Sequence[str] | None = None, doc: str = __doc__ or "") -> Namespace:
    """Parses the command line; ends the program if the settings are inconsistent."""
    parser = argparse.ArgumentParser(**described(doc))
    add = parser.add_argument
    add("data")
    add("out")
    add("--valid", nargs="*", default=[], help="programs or sources held out for validation")
    add("--hidden", type=int, nargs="+", default=[128], help="width of each LSTM layer")
    add("--embedding", type=int, default=0)
    add("--no-relu", action="store_true")
    add("--clip", type=float, default=8.0, help="clip normalised features at this magnitude; 0: do not")
    add("--passthrough", nargs="+", default=["*"], help="columns that bypass the LSTM")
    add("--lanes", type=int, default=64, help="segments in a batch, per process")
    add("--segment", type=int, default=1024, help="measured retirements of a segment")
    add("--chunk", type=int, default=128, help="steps between updates")
    add("--warm", type=int, default=128)
    add("--granule", type=int, default=16, help="retirements that targets are summed over")
    add("--scales", type=int, nargs="*", default=[1, 8], help="window lengths, in granules")
    add("--weights", type=float, nargs="+", default=[0.05, 0.3, 1.0])
    add("--local", type=float, default=0.5)
    add("--cap", type=float, default=0.0)
    add("--loss", choices=["window", "mse", "l1"], default="window")
    add("--rate", type=float, default=2e-3)
    add("--vector-rate", type=float, default=1.0, help="factor on the rate, for the vectors")
    add("--vector-noise", type=float, default=0.02)
    add("--pull", type=float, default=0.3, help="strength of the pull of a core's vector towards the others'")
    add("--decay", type=float, default=1e-2)
    add("--clip-gradient", type=float, default=1.0)
    add("--average", type=float, default=0.998, help="decay of the weights' moving average, for validation")
    add("--minutes", type=float, default=30.0)
    add("--steps", type=int, default=0, help="instead of --minutes: repeatable to the bit")
    add("--check", type=float, default=2.0, help="minutes between validations")
    add("--stride", type=int, default=4, help="validate and fit on every N-th piece")
    add("--initial", help="checkpoint to take the network and, where cores agree, vectors from")
    add("--seed", type=int, default=1)
    add("--threads", type=int, default=1, help="per process; more than one is rarely faster")
    add("--processes", type=int, default=1)
    add("--eager", action="store_true", help="do not compile the kernels")
    args = parser.parse_args(arguments)
    complaint = misfit(args)
    if complaint:
        parser.error(complaint)
    return args


def misfit(args: Namespace) -> str | None:
    """What is wrong with the sizes, or None."""
    positive = ["lanes", "segment", "chunk", "granule", "stride", "rate", "processes", "threads"]
    for name in ["minutes", *positive]:
        if not getattr(args, name) > 0 and not (name == "minutes" and args.steps > 0):
            return f"--{name} must be more than 0"
    if min(args.hidden) < 1:
        return "--hidden must be at least 1"
    if args.warm < 0:
        return "--warm must not be negative"
    if args.segment % args.chunk or args.chunk % args.granule:
        return "--segment must be a multiple of --chunk, and that one of --granule"
    if any(s < 1 or args.chunk // args.granule % s for s in args.scales):
        return f"--scales must divide the {args.chunk // args.granule} granules of a chunk"
    if len(args.weights) != len(args.scales) + 1:
        return "--weights takes one for each of --scales and one for the segment so far"
    return None
