"""config/config.yaml: everything that is not a run-set or a figure, with types and units."""

from __future__ import annotations

from dataclasses import asdict
from typing import Literal

from pydantic import Field

from fittest.analysis.alive import Thresholds
from fittest.pipeline.cluster_config import ClusterSettings
from fittest.runs.run import Stop
from fittest.runs.runset import Scale
from fittest.settings import Settings


class PathSettings(Settings):
    """Top folders, relative to the folder that the workflow runs in."""

    results: str = Field(default="results", description="everything computed")
    figures: str = Field(default="figures", description="the figures last asked for")
    configuration: str = Field(
        default="config", description="run-sets, papers and claims: the folder of this file"
    )


class ShardSettings(Settings):
    """How many runs one job trains; no influence on any result."""

    runs: int = Field(ge=1, description="most runs in a shard")
    pflop: float = Field(gt=0, description="most work in a shard of several runs, 1e15 FLOPs")


class TrainingSettings(Settings):
    """Where and how training runs."""

    device: Literal["auto", "cpu", "cuda"] = Field(
        default="auto", description="auto: cuda where there is one; cuda: refuse to go without"
    )
    dtype: Literal["float32", "float64"] = Field(
        default="float32", description="arithmetic; float64 is the reference (survival methods 1.5)"
    )
    backend: Literal["auto", "native", "torch"] = Field(
        default="auto", description="auto: the native kernel where it applies, else torch"
    )
    precision: Literal["full", "tf32", "bfloat16"] = Field(
        default="full",
        description="matrix products of float32 training with the torch backend; tf32 (cuda only)"
        " and bfloat16 are faster on some devices and change results (benchmarks/README.md)",
    )
    compile: Literal["auto", "never", "always"] = Field(
        default="auto", description="torch.compile; auto: only where a job is long enough to pay"
    )
    memory_gib: float = Field(
        default=1.5, gt=0, description="most memory for activations on the CPU, GiB"
    )
    restart_minutes: float = Field(
        default=3.0, gt=0, description="time between restart points, minutes"
    )

    def arithmetic(self) -> str:
        """What of these settings decides results."""
        lower = "" if self.precision == "full" else f" {self.precision}"
        return f"{self.dtype}{lower}"


class AliveSettings(Settings):
    """Survival thresholds (survival methods 2.3)."""

    two_mean_factor: float = Field(description="alive if above this times the mean over p bins")
    absolute: float = Field(description="alive if above this, at the end of full runs only")
    relative: float = Field(description="alive if above this share of the largest signal")


class SettleSettings(Settings):
    """What `settled` in the runs table means (survival methods 2.20)."""

    window: int = Field(ge=1, description="steps over which the set is unchanged")
    separation: float = Field(ge=1, description="weakest survivor / strongest dead signal")


class BootstrapSettings(Settings):
    """Resampling for confidence intervals (survival methods 2.19)."""

    draws: int = Field(ge=1, description="number of resamples")
    seed: int = Field(ge=0, description="seed of the resampling")
    confidence: float = Field(gt=0, lt=1, description="level of all intervals")


class SurvivalSettings(Settings):
    """Choices of the survival paper's analyses."""

    alive_rule: Literal["alive_2mean", "alive_abs10", "alive_rel"] = Field(
        description="column of the frequencies table that counts as survival (methods 2.3)"
    )
    strong_factor: float = Field(description="a perturbed frequency is strong from here up (S15)")
    weak_factor: float = Field(description="a perturbed frequency is weak from here down (S15)")
    showcase_survivors: int = Field(
        description="the showcase run is the first with so many survivors (methods 5.4)"
    )
    projection_limit: float = Field(description="half-width of the circle panels of figure 2")


class ClassifierSettings(Settings):
    """The linear classifier of figure 7 (survival methods 2.18)."""

    test_share: float = Field(gt=0, lt=1, description="share of rows tested, random split")
    seed: int = Field(ge=0, description="seed of that split")
    folds: int = Field(ge=2, description="parts of the split by embedding")


class DynamicsSettings(Settings):
    """Choices of the analyses of gradients, collaboration and equations of motion."""

    histogram_bins: int = Field(ge=1, description="bins of the histograms of figures 7 and 11")
    rate_bins: int = Field(ge=1, description="equal bins of the gradient, figure 7")
    least_in_bin: int = Field(ge=1, description="frequencies that a bin needs for its rate")
    classifier: ClassifierSettings
    least_survivors: int = Field(
        ge=1, description="survivors of a run that counts for the claims of figure 8"
    )
    lasso_alpha: float = Field(gt=0, description="penalty of the Lasso (methods 2.15)")
    lasso_iterations: tuple[int, int] = Field(
        description="first limit of coordinate descents, and the last to which it is raised"
    )
    t_clear: float = Field(gt=0, description="|t| from which an entry of A counts (claim S34)")
    divergence: float = Field(
        gt=0, description="a roll-out has diverged beyond this multiple of the largest signal"
    )
    heatmap_runs: int = Field(ge=1, description="further runs shown in figure 15")
    circularity_p: int = Field(ge=3, description="modulus of figure 11's untrained embeddings")
    circularity_dimensions: tuple[int, ...] = Field(description="their dimensions")
    circularity_seeds: int = Field(ge=1, description="embeddings drawn for each dimension")
    late_steps: tuple[int, int] = Field(
        description="first and last step at which gradients should be gone (claim S44)"
    )
    method_runs: int = Field(ge=1, description="runs shown in figure 1")


class SpikeSettings(Settings):
    """What counts as a spike of the test loss (survival methods 2.21)."""

    after: int = Field(ge=0, description="step up to which none counts")
    factor: float = Field(gt=1, description="times the running minimum that the loss exceeds")
    refractory: int = Field(ge=0, description="least steps from one to the next")


class SweepSettings(Settings):
    """Choices of the analyses that vary one thing: figures 4, 5, 10, 12, 14."""

    trend_from_p: int = Field(
        ge=3, description="primes from here on show the trend; below, the alive rule has its limit"
    )
    largest_modulus: int = Field(ge=3, description="last modulus of figure 14")
    small_d: int = Field(ge=1, description="frozen embeddings up to this dimension are small")
    frozen_shares: tuple[float, ...] = Field(
        description="columns of figure 4, as shares of the last step"
    )
    trend_from_decay: float = Field(ge=0, description="weight decays from here on show the trend")
    small_decay: float = Field(gt=0, description="weight decay between the panels of figure 10")
    spikes: SpikeSettings
    solved_loss: float = Field(gt=0, description="test loss of a solved task, nats (claim S41)")
    late_steps: int = Field(ge=0, description="steps before the end whose loss counts (claim S42)")
    enough_circles: int = Field(ge=1, description="circles of an arm that grew others (S39, S42)")
    low_loss: float = Field(gt=0, description="test loss of an arm that needs no other, nats (S40)")
    enough_spikes: int = Field(ge=1, description="spikes of an arm that spikes (claim S43)")


class HorizonSettings(Settings):
    """What figure S1 compares with runs to the paper's last step."""

    steps: tuple[int, ...] = Field(description="horizons; those beyond a run's end are left out")
    rules: dict[str, Stop] = Field(description="stop rules by the name shown in the figure")


class DefaultsSettings(Settings):
    """Where default runs are looked at on their way (claims S02-S04)."""

    steps: tuple[int, ...] = Field(description="steps beside the last one")
    dead_share: float = Field(
        gt=0, description="share of its initial signal below which a dead frequency is gone"
    )


class AnalysisSettings(Settings):
    """Constants of the analyses."""

    alive: AliveSettings
    settle: SettleSettings
    bootstrap: BootstrapSettings
    horizon: HorizonSettings
    defaults: DefaultsSettings
    survival: SurvivalSettings
    sweeps: SweepSettings
    dynamics: DynamicsSettings

    def collecting(self) -> dict[str, float]:
        """What the summary of a run-set depends on, of all these constants."""
        return asdict(self.thresholds())

    def thresholds(self) -> Thresholds:
        """The alive and settle thresholds in the form that the analyses take."""
        return Thresholds(
            two_mean_factor=self.alive.two_mean_factor,
            absolute=self.alive.absolute,
            relative=self.alive.relative,
            settle_window=self.settle.window,
            settle_separation=self.settle.separation,
        )


class ProjectConfig(Settings):
    """The merged configuration: config.yaml, profile and command line."""

    scale: Scale = Field(default="reduced", description="size of every experiment")
    paths: PathSettings = PathSettings()
    training: TrainingSettings = TrainingSettings()
    shards: dict[Scale, ShardSettings] = Field(description="size of a job, by scale")
    cluster: ClusterSettings
    analysis: AnalysisSettings


class FigureSettings(Settings):
    """One figure of a paper."""

    title: str = Field(description="what it shows, for lists")
    section: str = Field(
        default="Figures", description="section of the paper it belongs to, as the report sorts it"
    )
    runsets: tuple[str, ...] = Field(description="run-sets it needs")
    paper: dict[str, float] = Field(
        default_factory=dict, description="values read from the paper, printed beside ours"
    )


class PaperFile(Settings):
    """config/papers/<paper>.yaml"""

    title: str = Field(description="title of the paper")
    reference: str = Field(description="authors, year, identifier")
    folder: str = Field(description="folder under figures/; empty for its top")
    figures: dict[str, FigureSettings] = Field(description="figures by file name, without ending")
