# Experiments of the survival paper that vary one thing: the modulus, the dimension, the weight
# decay, a frozen embedding, an embedding with few circles left.
# Needs the run-sets primes, moduli, dims, freeze, wd, wd0, ablation and base. Makes, under
# results/<scale>/survival/, fig<n>.csv with the plotted numbers, fig<n>_stats.parquet, all of
# these statistics in sweep_stats.parquet, and figures 4, 5, 10, 12 and 14.

SWEEPS = project.config.analysis.sweeps
RESAMPLING = project.config.analysis.bootstrap.model_dump()


rule survival_frozen:
    """Test losses over frozen embeddings."""
    input:
        runs=project.paths.runs("freeze"),
        trajectories=project.runset_inputs("freeze"),
    output:
        stats=survival_table("fig4_stats.parquet"),
        plotted=survival_table("fig4.csv"),
    log:
        f"logs/{project.scale}/survival/frozen.log",
    params:
        shares=SWEEPS.frozen_shares,
        small_d=SWEEPS.small_d,
        resampling=RESAMPLING,
        paper=SURVIVAL["fig4_frozen_embedding"].paper,
        key=keys("freeze"),
    script:
        "../../scripts/survival/analyse_frozen_embedding.py"


rule survival_circles:
    """Number of circles by prime modulus and by embedding dimension."""
    input:
        primes_runs=project.paths.runs("primes"),
        dims_runs=project.paths.runs("dims"),
    output:
        stats=survival_table("fig5_stats.parquet"),
        plotted=survival_table("fig5.csv"),
    log:
        f"logs/{project.scale}/survival/circles.log",
    params:
        trend_from_p=SWEEPS.trend_from_p,
        two_mean_factor=project.config.analysis.alive.two_mean_factor,
        resampling=RESAMPLING,
        key=keys("primes", "dims"),
    script:
        "../../scripts/survival/analyse_number_of_circles.py"


rule survival_weight_decay:
    """Number of circles by weight decay, and runs without any."""
    input:
        wd_runs=project.paths.runs("wd"),
        wd0_runs=project.paths.runs("wd0"),
    output:
        stats=survival_table("fig10_stats.parquet"),
        plotted=survival_table("fig10.csv"),
    log:
        f"logs/{project.scale}/survival/weight_decay.log",
    params:
        trend_from=SWEEPS.trend_from_decay,
        small=SWEEPS.small_decay,
        two_mean_factor=project.config.analysis.alive.two_mean_factor,
        resampling=RESAMPLING,
        key=keys("wd", "wd0"),
    script:
        "../../scripts/survival/analyse_weight_decay.py"


rule survival_ablation:
    """Runs from an embedding with one or two circles left, beside the run with all of them."""
    input:
        ablation_runs=project.paths.runs("ablation"),
        base_runs=project.paths.runs("base"),
        trajectories=project.runset_inputs("ablation") + project.runset_inputs("base"),
    output:
        table=survival_table("ablation.parquet"),
        stats=survival_table("fig12_stats.parquet"),
        plotted=survival_table("fig12.csv"),
    log:
        f"logs/{project.scale}/survival/ablation.log",
    params:
        measures={
            "solved_loss": SWEEPS.solved_loss,
            "tail": SWEEPS.late_steps,
            **SWEEPS.spikes.model_dump(),
        },
        criteria={
            "circles": SWEEPS.enough_circles,
            "low_loss": SWEEPS.low_loss,
            "spikes": SWEEPS.enough_spikes,
        },
        resampling=RESAMPLING,
        paper=SURVIVAL["fig12_ablation"].paper,
        key=keys("ablation", "base"),
    script:
        "../../scripts/survival/analyse_ablation.py"


rule survival_moduli:
    """Number of circles by modulus, prime or not."""
    input:
        moduli_runs=project.paths.runs("moduli"),
        primes_runs=project.paths.runs("primes"),
    output:
        stats=survival_table("fig14_stats.parquet"),
        plotted=survival_table("fig14.csv"),
    log:
        f"logs/{project.scale}/survival/moduli.log",
    params:
        largest=SWEEPS.largest_modulus,
        two_mean_factor=project.config.analysis.alive.two_mean_factor,
        resampling=RESAMPLING,
        key=keys("moduli", "primes"),
    script:
        "../../scripts/survival/analyse_all_moduli.py"


rule survival_sweep_stats:
    """The statistics of these figures in one table."""
    input:
        [survival_table(f"fig{n}_stats.parquet") for n in (4, 5, 10, 12, 14)],
    output:
        stats=survival_table("sweep_stats.parquet"),
    log:
        f"logs/{project.scale}/survival/sweep_stats.log",
    localrule: True
    script:
        "../../scripts/collect_statistics.py"


rule survival_fig4:
    """Figure 4: test loss over a frozen embedding, by its dimension."""
    input:
        table=survival_table("fig4.csv"),
        stats=survival_table("fig4_stats.parquet"),
    output:
        **kept_figure("survival", "fig4_frozen_embedding"),
    log:
        f"logs/{project.scale}/survival/fig4.log",
    localrule: True
    script:
        "../../scripts/survival/plot_fig4_frozen_embedding.py"


rule survival_fig5:
    """Figure 5: number of circles by prime modulus and by embedding dimension."""
    input:
        table=survival_table("fig5.csv"),
        stats=survival_table("fig5_stats.parquet"),
    output:
        **kept_figure("survival", "fig5_number_of_circles"),
    log:
        f"logs/{project.scale}/survival/fig5.log",
    localrule: True
    params:
        paper=SURVIVAL["fig5_number_of_circles"].paper,
    script:
        "../../scripts/survival/plot_fig5_number_of_circles.py"


rule survival_fig10:
    """Figure 10: number of circles by weight decay."""
    input:
        table=survival_table("fig10.csv"),
        stats=survival_table("fig10_stats.parquet"),
    output:
        **kept_figure("survival", "fig10_weight_decay"),
    log:
        f"logs/{project.scale}/survival/fig10.log",
    localrule: True
    params:
        small=SWEEPS.small_decay,
        paper=SURVIVAL["fig10_weight_decay"].paper,
    script:
        "../../scripts/survival/plot_fig10_weight_decay.py"


rule survival_fig12:
    """Figure 12: test loss of runs whose initial embedding has one or two circles left."""
    input:
        table=survival_table("fig12.csv"),
        stats=survival_table("fig12_stats.parquet"),
    output:
        **kept_figure("survival", "fig12_ablation"),
    log:
        f"logs/{project.scale}/survival/fig12.log",
    localrule: True
    script:
        "../../scripts/survival/plot_fig12_ablation.py"


rule survival_fig14:
    """Figure 14: number of circles by modulus, primes and others."""
    input:
        table=survival_table("fig14.csv"),
        stats=survival_table("fig14_stats.parquet"),
    output:
        **kept_figure("survival", "fig14_all_moduli"),
    log:
        f"logs/{project.scale}/survival/fig14.log",
    localrule: True
    params:
        paper=SURVIVAL["fig14_all_moduli"].paper,
    script:
        "../../scripts/survival/plot_fig14_all_moduli.py"
