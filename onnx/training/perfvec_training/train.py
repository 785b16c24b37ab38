"""Train a foundation model and the microarchitecture vectors of all cores together.

    perfvec-training train DATA OUT --valid NAME ... --minutes 30 --processes 2

Lanes run through random segments from a zero state, with warm-up, in chunks whose state is carried
on (truncated back-propagation); one pass of the LSTM serves every core. The vectors start from a
ridge regression on the columns that bypass the LSTM, so the model starts as good as that. At the
end they are fitted again in closed form. The best checkpoint by the mean error of the held-out
programs' totals stays in OUT/best.pt, the state to resume from in OUT/last.pt, curves in
OUT/curves.csv. Test programs are never read.
"""

import json
import os
import subprocess
import sys
import time
from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist

from perfvec_training import accuracy, fused_lstm, network, represent, ridge, rounding
from perfvec_training.kinds import Array, Json
from perfvec_training.mistakes import Mistake, told
from perfvec_training.objective import WindowLoss
from perfvec_training.settings import parse
from perfvec_training.shards import Data, Program, Sampler


class Run:
    """One training run: model, vectors, optimizer, data and progress."""

    def __init__(self, args: Namespace) -> None:
        self.args, self.out = args, Path(args.out)
        self.rank = int(os.environ.get("RANK", "0"))
        self.world = int(os.environ.get("WORLD_SIZE", "1"))
        if self.world > 1:
            dist.init_process_group("gloo")
        torch.set_num_threads(args.threads)
        torch.manual_seed(args.seed)
        if not args.eager:
            fused_lstm.compile_kernels()
        self.data = Data(args.data, valid=args.valid)
        if not self.data.train:
            raise Mistake(f"{args.data}: no training program was timed on a core of the training "
                          "set; record some (perfvec-training record) and run perfvec-training dataset again")
        if "least" not in self.data.schema:
            raise Mistake(f"{args.data}/schema.json: has no smallest values of columns, which the "
                          "rounding of weights needs; run perfvec-training dataset again")
        self.model, self.vectors = self.build()
        self.before: Json = {}
        if args.initial:
            self.begin_from(args.initial)
        self.start = self.vectors.detach().clone()
        self.average = [p.detach().clone() for p in self.parameters()]
        self.optimizer = torch.optim.AdamW([
            {"params": list(self.model.parameters()), "lr": 1.0, "weight_decay": args.decay},
            {"params": [self.vectors], "lr": args.vector_rate, "weight_decay": 0.0},
        ], betas=(0.9, 0.99))
        self.factors = [1.0, args.vector_rate]
        self.sampler = Sampler(self.data, args.lanes, args.warm, args.segment, args.granule,
                               [args.seed, self.rank])
        self.loss = WindowLoss(args.granule, args.scales, args.weights, args.local, args.loss,
                               args.cap)
        self.step, self.elapsed, self.best = 0, 0.0, float("inf")

    def parameters(self) -> list[torch.nn.Parameter]:
        """Everything that the optimizer changes."""
        return [*self.model.parameters(), self.vectors]

    def build(self) -> tuple[network.Foundation, torch.nn.Parameter]:
        """The untrained model, and vectors that use the passed columns alone."""
        args, data = self.args, self.data
        columns = data.columns(args.passthrough)
        mean, std = data.statistics()
        # Powers of two near 1 / RMS: exact in any float, and vectors of one magnitude.
        scale = 2.0 ** -np.round(np.log2(np.sqrt(mean**2 + std**2)[columns] + 1e-6))
        shape = network.Shape(len(mean), args.hidden, args.embedding, not args.no_relu, args.clip,
                              columns, [float(s) for s in scale])
        model = network.Foundation(shape, mean, std)
        vectors = torch.randn(len(data.cores), shape.representation) * args.vector_noise
        groups = [accuracy.group(p, p.feature_sums(accuracy.PIECE)[:, columns] * scale)
                  for p in data.train]
        start = ridge.fit_cores(groups, len(data.cores), len(columns),
                                design=ridge.describe(data.cores))
        vectors[:, shape.hidden[-1]:] = torch.from_numpy(start).float()
        return model, torch.nn.Parameter(vectors)

    def begin_from(self, path: str) -> None:
        """Takes over another run's network and vectors."""
        model, data = network.load(path)
        self.before = {"before": data["args"]}
        if model.shape != self.model.shape:
            raise Mistake(f"{path}: another network: {model.shape}")
        self.model.load_state_dict(model.state_dict())
        names = [c["name"] for c in json.loads(data["cores"])]
        if names != [c["name"] for c in self.data.cores]:
            raise Mistake(f"{path}: vectors of other cores")
        with torch.no_grad():
            self.vectors.copy_(data["vectors"])

    def rate(self, progress: float) -> float:
        """Learning rate: a short warm-up, then a cosine down to nothing."""
        return self.args.rate * min(1.0, (self.step + 1) / 100) * 0.5 * float(
            1.0 + np.cos(np.pi * min(1.0, progress)))

    def reduce_gradients(self) -> None:
        """Averages the gradients over the processes, and clips them."""
        grads = [p.grad for p in self.parameters()]
        if self.world > 1:
            flat = torch.cat([g.view(-1) for g in grads])
            dist.all_reduce(flat)
            flat /= self.world
            at = 0
            for g in grads:
                g.copy_(flat[at : at + g.numel()].view_as(g))
                at += g.numel()
        torch.nn.utils.clip_grad_norm_(self.parameters(), self.args.clip_gradient)

    def segment(self, progress: float) -> Array:
        """One batch of segments, a step of the optimizer per chunk; returns mean log parts."""
        args, log = self.args, []
        x, y, cpi = (torch.from_numpy(a) for a in self.sampler.batch())
        norm = self.loss.norm(y, cpi)
        carried = self.loss.start(norm)
        with torch.no_grad():
            _, state = self.model.hidden(x[: args.warm].float(), self.model.zero_state(args.lanes),
                                         fused_lstm.layer)
        per_chunk = args.chunk // args.granule
        rate = self.rate(progress)
        for group, factor in zip(self.optimizer.param_groups, self.factors):
            group["lr"] = rate * factor
        for i in range(args.segment // args.chunk):
            at = args.warm + i * args.chunk
            sums, state = self.model.train_step(x[at : at + args.chunk].float(), state,
                                                args.granule)
            predicted = sums @ self.vectors.t()
            loss, parts, carried = self.loss(predicted, y[i * per_chunk : (i + 1) * per_chunk],
                                             norm, carried)
            self.optimizer.zero_grad()
            loss.backward()
            self.reduce_gradients()
            self.optimizer.step()
            self.pull(rate)
            self.step += 1
            keep = min(args.average, self.step / (self.step + 10.0))
            for a, p in zip(self.average, self.parameters()):
                a.lerp_(p.detach(), 1.0 - keep)
            state = [(h.detach(), c.detach()) for h, c in state]
            log.append(parts)
        return np.mean(log, 0)

    @torch.no_grad()
    def pull(self, rate: float) -> None:
        """Draws vectors together: the LSTM's part to the mean of all cores, the passed columns'
        to where they started. A core is timed on few programs, and would learn them by heart."""
        hidden = self.model.shape.hidden[-1]
        anchor = self.start.clone()
        anchor[:, :hidden] = self.vectors[:, :hidden].mean(0)
        self.vectors.lerp_(anchor, min(1.0, rate * self.args.pull))

    def averaged(self) -> None:
        """Swaps the averaged weights in (and, called again, out)."""
        with torch.no_grad():
            for a, p in zip(self.average, self.parameters()):
                kept = p.clone()
                p.copy_(a)
                a.copy_(kept)

    def sums(self, programs: Sequence[Program]) -> dict[str, Array]:
        """{program: sums of representations [W,D]}, the work shared by the processes."""
        mine = {p.name: represent.program_sums(self.model, p, accuracy.PIECE, self.args.warm,
                                               stride=self.args.stride)
                for p in programs[self.rank :: self.world]}
        if self.world == 1:
            return mine
        parts: list[dict[str, Array]] = [{}] * self.world
        dist.all_gather_object(parts, mine)
        return {name: s for part in parts for name, s in part.items()}

    def validate(self, vectors: Array | None = None) -> Json:
        """Errors of the validation programs' totals."""
        sums = self.sums(self.data.valid)
        vectors = self.vectors.detach().double().numpy() if vectors is None else vectors
        return self.errors(self.data.valid, sums, vectors)

    def errors(self, programs: Sequence[Program], sums: Mapping[str, Array],
               vectors: Array) -> Json:
        """The summary of errors of `programs`, whose sums are given."""
        return accuracy.summary(accuracy.totals(programs, [sums[p.name] for p in programs], vectors,
                                          stride=self.args.stride))

    def save(self, name: str, **more: object) -> None:
        """Writes a checkpoint, from the first process alone."""
        if self.rank == 0:
            network.save(
                self.out / name, self.model, vectors=self.vectors.detach().clone(),
                cores=json.dumps(self.data.cores), schema=json.dumps(self.data.schema),
                data_hash=self.data.hash, args=json.dumps(vars(self.args)), step=self.step,
                elapsed=self.elapsed, warm=self.args.warm, **self.before, **more)

    def save_resumable(self) -> None:
        """Writes what `resume` reads."""
        self.save("last.pt", optimizer=self.optimizer.state_dict(), average=self.average,
                  best=self.best)

    def resume(self) -> None:
        """Continues from OUT/last.pt, if it exists."""
        path = self.out / "last.pt"
        if not path.exists():
            return
        data = torch.load(path, weights_only=True)
        if data["data_hash"] != self.data.hash and self.rank == 0:
            print(f"{path}: the data set has changed since; going on with the new one")
        self.model.load_state_dict(data["model"])
        with torch.no_grad():
            self.vectors.copy_(data["vectors"])
        self.optimizer.load_state_dict(data["optimizer"])
        self.average = data["average"]
        self.step, self.elapsed, self.best = data["step"], data["elapsed"], data["best"]
        # Another part of the sequence: repeating the first batches would favour them.
        self.sampler.rng = np.random.default_rng([self.args.seed, self.rank, self.step])

    def agree(self, value: float) -> float:
        """Broadcasts the first process's value."""
        if self.world == 1:
            return value
        t = torch.tensor([float(value)], dtype=torch.float64)
        dist.broadcast(t, 0)
        return t.item()

    def check_in(self, log: Array, rate: float) -> None:
        """Validates the averaged weights, keeps the best, writes a line of the curves."""
        self.averaged()
        valid = self.validate() if self.data.valid else {"mean": float("nan"), "worst": 0.0}
        if not valid["mean"] >= self.best:
            self.best = valid["mean"]
            self.save("best.pt", valid=json.dumps(valid))
        self.averaged()
        self.save_resumable()
        if self.rank:
            return
        path = self.out / "curves.csv"
        fresh = not path.exists()
        with open(path, "a") as file:
            if fresh:
                file.write("step,minutes,rate,valid_mean,valid_worst,"
                           + ",".join(f"rms_{i}" for i in range(len(log))) + "\n")
            file.write(",".join(f"{v:.6g}" for v in (
                self.step, self.elapsed / 60, rate, valid["mean"], valid["worst"], *log)) + "\n")
        done = self.step * self.args.chunk * self.args.lanes * self.world
        print(f"step {self.step}  {self.elapsed / 60:.1f} min  {done / self.elapsed / 1e3:.0f} "
              f"k retirements/s  valid {100 * valid['mean']:.2f} % (worst "
              f"{100 * valid['worst']:.1f} %)  rms {' '.join(f'{v:.4f}' for v in log)}", flush=True)

    def train(self) -> None:
        """The whole run, up to final.pt."""
        args = self.args
        self.out.mkdir(parents=True, exist_ok=True)
        self.resume()
        if self.rank == 0 and self.data.valid:
            print(f"{len(self.data.train)} programs, {len(self.data.valid)} held out, "
                  f"{len(self.data.cores)} cores; before training "
                  f"{100 * self.start_error()['mean']:.2f} %", flush=True)
        budget = args.minutes * 60
        last_check, log = self.elapsed, []
        mark = time.monotonic()
        while True:
            progress = self.step / args.steps if args.steps else self.elapsed / budget
            progress = self.agree(progress)
            if progress >= 1.0:
                break
            log.append(self.segment(progress))
            now = time.monotonic()
            self.elapsed += now - mark
            mark = now
            if self.agree(self.elapsed - last_check >= args.check * 60):
                self.check_in(np.mean(log, 0), self.rate(progress))
                last_check, log = self.elapsed, []
                mark = time.monotonic()
        if log:
            self.check_in(np.mean(log, 0), 0.0)
        self.finish()

    def start_error(self) -> Json:
        """The error of the bypass columns alone, where training starts."""
        hidden = self.model.shape.hidden[-1]
        columns, scale = self.model.shape.passthrough, np.array(self.model.shape.scale)
        sums = [p.feature_sums(accuracy.PIECE)[:, columns] * scale for p in self.data.valid]
        return accuracy.summary(accuracy.totals(
            self.data.valid, sums, self.vectors[:, hidden:].detach().double().numpy()))

    def finish(self) -> None:
        """Rounds the best model's weights as int8 does and fits its vectors in closed form; writes
        final.pt with what export and evaluation need: vectors, and sums of all programs' pieces."""
        if self.world > 1:
            dist.barrier()
        best = torch.load(self.out / "best.pt", weights_only=True)
        self.model.load_state_dict(best["model"])
        with torch.no_grad():
            self.vectors.copy_(best["vectors"])
        rounding.snap(self.model, self.data.schema["least"])
        sums = self.sums(self.data.train + self.data.valid)
        if self.rank:
            return
        groups = [accuracy.group(p, sums[p.name], stride=self.args.stride) for p in self.data.train]
        trained = self.vectors.detach().double().numpy()
        count, width = trained.shape
        choices = {"trained": trained}
        design = ridge.describe(self.data.cores)
        for noise in (0.03, 0.05, 0.1, 0.2):
            choices[f"fitted {noise}"] = ridge.fit_cores(groups, count, width, noise,
                                                         design=design)
            # From the trained vectors: their deviations from the truth are what is fitted.
            choices[f"refined {noise}"] = ridge.fit_cores(groups, count, width, noise,
                                                          around=trained, design=design)
        vectors, choices = choices, {}
        for label, v in vectors.items():
            parts = {}
            for part, programs in (("train", self.data.train), ("valid", self.data.valid)):
                if programs:
                    parts[part] = self.errors(programs, sums, v)
            choices[label] = parts
            print(label, {k: f"{100 * s['mean']:.2f} % (worst {100 * s['worst']:.1f} %)"
                          for k, s in parts.items()}, flush=True)
        judge = "valid" if self.data.valid else "train"
        # The validation programs are few: of those about as good there as the best, the one that
        # fits the training programs best.
        limit = 1.1 * min(c[judge]["mean"] for c in choices.values())
        chosen = min((c for c in choices if choices[c][judge]["mean"] <= limit),
                     key=lambda c: choices[c]["train"]["mean"])
        with torch.no_grad():
            self.vectors.copy_(torch.from_numpy(vectors[chosen]))
        self.save("final.pt", choice=chosen, errors=json.dumps(choices),
                  minutes=self.elapsed / 60,
                  piece=accuracy.PIECE, stride=self.args.stride,
                  sums={name: torch.from_numpy(v) for name, v in sums.items()},
                  programs=json.dumps([p.name for p in self.data.train]))


@told
def main() -> None:
    args = parse(doc=__doc__)
    if args.processes > 1 and "RANK" not in os.environ:
        command = [sys.executable, "-m", "torch.distributed.run", "--standalone",
                   f"--nproc-per-node={args.processes}", "-m", "perfvec_training", "train",
                   *sys.argv[1:]]
        sys.exit(subprocess.run(command, check=False,
                                env={**os.environ, "OMP_NUM_THREADS": "1"}).returncode)
    Run(args).train()
    if dist.is_initialized():
        dist.destroy_process_group()


if __name__ == "__main__":
    main()
