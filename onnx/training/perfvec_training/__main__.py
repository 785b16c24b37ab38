"""The console command: each step of making a model is a subcommand.

    perfvec-training STEP [ARGUMENT ...]
"""

import importlib
import sys

# Imported only when it is run: recording needs no package beyond Python's own.
STEPS = {
    "record": ("recording", "streams and cycles of programs in gem5"),
    "cycles": ("cycles", "say what files of observed cycles hold, compare two"),
    "dataset": ("dataset", "a recording to arrays"),
    "floor": ("floor", "what a linear model reaches without an LSTM"),
    "train": ("train", "the foundation model and the vectors of all cores"),
    "compare": ("compare", "choices of schema, size, loss and window"),
    "export": ("export", "a trained model to .onnx and .safetensors"),
    "import": ("import_perfvec", "a published PerfVec checkpoint to the same files"),
    "evaluate": ("evaluate", "errors on unseen programs and cores"),
    "report": ("report", "the evaluation as a page"),
    "card": ("model_card", "the model card"),
}


def main() -> None:
    """Runs the step that the first argument names."""
    step = sys.argv[1] if len(sys.argv) > 1 else ""
    if step not in STEPS:
        listing = "\n".join(f"  {name:10}{about}" for name, (_, about) in STEPS.items())
        usage = f"usage: perfvec-training STEP [ARGUMENT ...]\n\n{listing}"
        if step in ("-h", "--help"):
            print(usage)
            return
        sys.exit(f"perfvec-training: no step {step}\n{usage}" if step else usage)
    module = importlib.import_module(f"perfvec_training.{STEPS[step][0]}")
    sys.argv = [f"perfvec-training {step}", *sys.argv[2:]]
    module.main()


if __name__ == "__main__":
    main()
