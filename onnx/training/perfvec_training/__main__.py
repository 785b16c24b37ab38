"""The console command: each step of making a model is a subcommand.

    perfvec-training STEP [ARGUMENT ...]
"""

import importlib
import sys

# Imported only when it is run: recording needs no package beyond Python's own.
STEPS = {
    "record": ("recording", "record streams and cycles of programs in gem5"),
    "cycles": ("cycles", "describe files of observed cycles, compare two"),
    "dataset": ("dataset", "convert a recording into arrays for training"),
    "floor": ("floor", "errors of linear models without an LSTM, the baseline"),
    "train": ("train", "train the foundation model and the vectors of all cores"),
    "compare": ("compare", "compare schemas, sizes, losses and windows"),
    "export": ("export", "write a trained model as .onnx and .safetensors"),
    "import": ("import_perfvec", "convert a published PerfVec checkpoint to the same files"),
    "evaluate": ("evaluate", "measure the errors on unseen programs and cores"),
    "report": ("report", "write the evaluation as an HTML page"),
    "card": ("model_card", "write the model card"),
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
