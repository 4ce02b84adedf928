# Survival paper: gradients, collaboration and equations of motion (figures 1, 7-9, 11, 13, 15, 16).
# Needs the run-sets base, fixemb and ode, and showcase.json of survival.smk. Makes, under
# results/<scale>/survival/, tables, fig<n>.csv with the plotted numbers, the figures, and
# dynamics_stats.parquet with what the claims S19-S34, S37, S38 and S44 are judged from. A figure
# reads its own part of these statistics, so that it waits for no run-set but its own.

DYNAMICS = project.config.analysis.dynamics
RESAMPLING = project.config.analysis.bootstrap.model_dump(mode="json")


rule survival_method:
    """The stages of the showcase run, and the signals of a few more runs."""
    input:
        runs=project.paths.runs("base"),
        frequencies=project.paths.frequencies("base"),
        trajectories=project.runset_inputs("base"),
        weights=project.runset_weights("base"),
        showcase=survival_table("showcase.json"),
    output:
        fig1=survival_table("fig1.csv"),
        origin=survival_table("fig1.json"),
    log:
        f"logs/{project.scale}/survival/method.log",
    params:
        method_runs=DYNAMICS.method_runs,
        key=keys("base"),
    script:
        "../../scripts/survival/analyse_method.py"


rule survival_gradient:
    """Survival by initial gradient, and the linear classifier beside its baseline."""
    input:
        **runset_tables("fixemb"),
    output:
        classifier=survival_table("classifier.parquet"),
        fig7=survival_table("fig7.csv"),
        stats=survival_table("gradient_stats.parquet"),
    log:
        f"logs/{project.scale}/survival/gradient.log",
    params:
        alive_rule=project.config.analysis.survival.alive_rule,
        histogram_bins=DYNAMICS.histogram_bins,
        rate_bins=DYNAMICS.rate_bins,
        least_in_bin=DYNAMICS.least_in_bin,
        classifier=DYNAMICS.classifier.model_dump(),
        resampling=RESAMPLING,
        paper=SURVIVAL["fig7_gradient"].paper,
        key=keys("fixemb"),
    script:
        "../../scripts/survival/analyse_gradient.py"


rule survival_collaboration:
    """Losses with a few circles of the embedding, over the showcase and at every run's end."""
    input:
        runs=project.paths.runs("base"),
        frequencies=project.paths.frequencies("base"),
        weights=project.runset_weights("base"),
        showcase=survival_table("showcase.json"),
    output:
        subsets=survival_table("survivor_subsets.parquet"),
        fig8=survival_table("fig8.csv"),
        stats=survival_table("collaboration_stats.parquet"),
    log:
        f"logs/{project.scale}/survival/collaboration.log",
    params:
        least_survivors=DYNAMICS.least_survivors,
        resampling=RESAMPLING,
        key=keys("base"),
    script:
        "../../scripts/survival/analyse_collaboration.py"


rule survival_ode:
    """Linear, sparse and quadratic equations of motion of the signals of every run."""
    input:
        base_runs=project.paths.runs("base"),
        base_trajectories=project.runset_inputs("base"),
        ode_runs=project.paths.runs("ode"),
        ode_trajectories=project.runset_inputs("ode"),
        showcase=survival_table("showcase.json"),
    output:
        fits=survival_table("ode_fits.parquet"),
        fig9=survival_table("fig9.csv"),
        fig15=survival_table("fig15.csv"),
        fig16=survival_table("fig16.csv"),
        stats=survival_table("ode_stats.parquet"),
    log:
        f"logs/{project.scale}/survival/ode.log",
    params:
        settings={
            "lasso_alpha": DYNAMICS.lasso_alpha,
            "lasso_iterations": DYNAMICS.lasso_iterations,
            "t_clear": DYNAMICS.t_clear,
            "divergence": DYNAMICS.divergence,
        },
        heatmap_runs=DYNAMICS.heatmap_runs,
        resampling=RESAMPLING,
        key=keys("base", "ode"),
    script:
        "../../scripts/survival/analyse_ode.py"


rule survival_circularity:
    """Circularity of embeddings before training, by dimension and by later survival."""
    input:
        **runset_tables("base"),
    output:
        fig11=survival_table("fig11.csv"),
        stats=survival_table("circularity_stats.parquet"),
    log:
        f"logs/{project.scale}/survival/circularity.log",
    params:
        p=DYNAMICS.circularity_p,
        dimensions=DYNAMICS.circularity_dimensions,
        seeds=DYNAMICS.circularity_seeds,
        histogram_bins=DYNAMICS.histogram_bins,
        resampling=RESAMPLING,
        key=keys("base"),
    script:
        "../../scripts/survival/analyse_circularity.py"


rule survival_embedding_gradient:
    """Fourier norms of the embedding's gradient: when they peak and when they are gone."""
    input:
        runs=project.paths.runs("base"),
        trajectories=project.runset_inputs("base"),
        showcase=survival_table("showcase.json"),
    output:
        peaks=survival_table("gradient_peaks.parquet"),
        fig13=survival_table("fig13.csv"),
        stats=survival_table("embedding_gradient_stats.parquet"),
    log:
        f"logs/{project.scale}/survival/embedding_gradient.log",
    params:
        late_steps=DYNAMICS.late_steps,
        resampling=RESAMPLING,
        key=keys("base"),
    script:
        "../../scripts/survival/analyse_embedding_gradient.py"


rule survival_dynamics:
    """The statistics of the dynamics in one table, for the claims."""
    input:
        survival_table("gradient_stats.parquet"),
        survival_table("collaboration_stats.parquet"),
        survival_table("ode_stats.parquet"),
        survival_table("circularity_stats.parquet"),
        survival_table("embedding_gradient_stats.parquet"),
    output:
        stats=survival_table("dynamics_stats.parquet"),
    log:
        f"logs/{project.scale}/survival/dynamics.log",
    localrule: True
    script:
        "../../scripts/collect_statistics.py"


rule survival_fig1:
    """Figure 1: from a random embedding to a few circles."""
    input:
        table=survival_table("fig1.csv"),
        origin=survival_table("fig1.json"),
    output:
        **kept_figure("survival", "fig1_method"),
    log:
        f"logs/{project.scale}/survival/fig1.log",
    localrule: True
    params:
        paper=SURVIVAL["fig1_method"].paper,
    script:
        "../../scripts/survival/plot_fig1_method.py"


rule survival_fig7:
    """Figure 7: survival by initial gradient, and by signal and gradient."""
    input:
        table=survival_table("fig7.csv"),
        stats=survival_table("gradient_stats.parquet"),
        classifier=survival_table("classifier.parquet"),
    output:
        **kept_figure("survival", "fig7_gradient"),
    log:
        f"logs/{project.scale}/survival/fig7.log",
    localrule: True
    params:
        paper=SURVIVAL["fig7_gradient"].paper,
    script:
        "../../scripts/survival/plot_fig7_gradient.py"


rule survival_fig8:
    """Figure 8: losses over training with one, two and three circles."""
    input:
        table=survival_table("fig8.csv"),
        stats=survival_table("collaboration_stats.parquet"),
        showcase=survival_table("showcase.json"),
    output:
        **kept_figure("survival", "fig8_collaboration"),
    log:
        f"logs/{project.scale}/survival/fig8.log",
    localrule: True
    script:
        "../../scripts/survival/plot_fig8_collaboration.py"


rule survival_fig9:
    """Figure 9: how well linear equations fit, two signals, and the sparse matrix."""
    input:
        table=survival_table("fig9.csv"),
        stats=survival_table("ode_stats.parquet"),
    output:
        **kept_figure("survival", "fig9_linear_ode"),
    log:
        f"logs/{project.scale}/survival/fig9.log",
    localrule: True
    script:
        "../../scripts/survival/plot_fig9_linear_ode.py"


rule survival_fig11:
    """Figure 11: circularity of random embeddings by dimension and by survival."""
    input:
        table=survival_table("fig11.csv"),
        stats=survival_table("circularity_stats.parquet"),
    output:
        **kept_figure("survival", "fig11_circularity"),
    log:
        f"logs/{project.scale}/survival/fig11.log",
    localrule: True
    script:
        "../../scripts/survival/plot_fig11_circularity.py"


rule survival_fig13:
    """Figure 13: Fourier norms of the embedding's gradient over training."""
    input:
        table=survival_table("fig13.csv"),
        stats=survival_table("embedding_gradient_stats.parquet"),
        showcase=survival_table("showcase.json"),
    output:
        **kept_figure("survival", "fig13_embedding_gradient"),
    log:
        f"logs/{project.scale}/survival/fig13.log",
    localrule: True
    params:
        paper=SURVIVAL["fig13_embedding_gradient"].paper,
    script:
        "../../scripts/survival/plot_fig13_embedding_gradient.py"


rule survival_fig15:
    """Figure 15: the sparse matrices of further runs."""
    input:
        table=survival_table("fig15.csv"),
        stats=survival_table("ode_stats.parquet"),
    output:
        **kept_figure("survival", "fig15_lasso_heatmaps"),
    log:
        f"logs/{project.scale}/survival/fig15.log",
    localrule: True
    script:
        "../../scripts/survival/plot_fig15_lasso_heatmaps.py"


rule survival_fig16:
    """Figure 16: every signal of one run and its linear model."""
    input:
        table=survival_table("fig16.csv"),
        stats=survival_table("ode_stats.parquet"),
        showcase=survival_table("showcase.json"),
    output:
        **kept_figure("survival", "fig16_all_trajectories"),
    log:
        f"logs/{project.scale}/survival/fig16.log",
    localrule: True
    script:
        "../../scripts/survival/plot_fig16_all_trajectories.py"
