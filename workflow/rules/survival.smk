# Survival of the Fittest Representation (Ding et al. 2024).
# Needs the run-sets base, horizon, fixemb, perturb, manual and demo. Makes, under
# results/<scale>/survival/, tables, fig<n>.csv with the plotted numbers, and the figures;
# `snakemake survival` makes all.

SURVIVAL = project.papers["survival"].figures


rule survival:
    """All figures of the survival paper, its claims judged, and its price."""
    input:
        project.figures_of("survival"),
        project.verdicts_of("survival"),
    localrule: True


rule survival_showcase:
    """Choose the run that figures 2 and 3 show, and reduce it to what they plot."""
    input:
        runs=project.paths.runs("base"),
        frequencies=project.paths.frequencies("base"),
        trajectories=project.runset_inputs("base"),
        weights=project.runset_weights("base"),
    output:
        showcase=survival_table("showcase.json"),
        fig2=survival_table("fig2.csv"),
        fig3=survival_table("fig3.csv"),
    log:
        f"logs/{project.scale}/survival/showcase.log",
    params:
        wanted_survivors=project.config.analysis.survival.showcase_survivors,
        key=keys("base"),
    script:
        "../../scripts/survival/analyse_showcase.py"


rule survival_rates:
    """Survival rates of fixed embeddings, perturbed frequencies and constructed pairs."""
    input:
        **runset_tables("fixemb", "perturb", "manual"),
    output:
        survival_rates=survival_table("survival_rates.parquet"),
        perturb_rates=survival_table("perturb_rates.parquet"),
        manual_rates=survival_table("manual_rates.parquet"),
        stats=survival_table("survival_stats.parquet"),
        fig6=survival_table("fig6.csv"),
    log:
        f"logs/{project.scale}/survival/rates.log",
    params:
        alive_rule=project.config.analysis.survival.alive_rule,
        confidence=project.config.analysis.bootstrap.confidence,
        bootstrap_draws=project.config.analysis.bootstrap.draws,
        bootstrap_seed=project.config.analysis.bootstrap.seed,
        strong_factor=project.config.analysis.survival.strong_factor,
        weak_factor=project.config.analysis.survival.weak_factor,
        paper=SURVIVAL["fig6_survival"].paper,
        key=keys("fixemb", "perturb", "manual"),
    script:
        "../../scripts/survival/analyse_survival.py"


rule survival_fig2:
    """Figure 2: signals of all frequencies during training, and two circles over time."""
    input:
        table=survival_table("fig2.csv"),
        showcase=survival_table("showcase.json"),
    output:
        **kept_figure("survival", "fig2_signal_evolution"),
    log:
        f"logs/{project.scale}/survival/fig2.log",
    localrule: True
    params:
        projection_limit=project.config.analysis.survival.projection_limit,
        paper=SURVIVAL["fig2_signal_evolution"].paper,
    script:
        "../../scripts/survival/plot_fig2_signal_evolution.py"


rule survival_fig3:
    """Figure 3: the final embedding in principal components and in Fourier planes."""
    input:
        table=survival_table("fig3.csv"),
        showcase=survival_table("showcase.json"),
    output:
        **kept_figure("survival", "fig3_pca_vs_fft"),
    log:
        f"logs/{project.scale}/survival/fig3.log",
    localrule: True
    script:
        "../../scripts/survival/plot_fig3_pca_vs_fft.py"


rule survival_fig6:
    """Figure 6: survival against initial signal, after a perturbation, of a constructed pair."""
    input:
        table=survival_table("fig6.csv"),
        stats=survival_table("survival_stats.parquet"),
    output:
        **kept_figure("survival", "fig6_survival"),
    log:
        f"logs/{project.scale}/survival/fig6.log",
    localrule: True
    params:
        paper=SURVIVAL["fig6_survival"].paper,
    script:
        "../../scripts/survival/plot_fig6_survival.py"


rule survival_horizon:
    """Agreement of early survivor sets and stop rules with those of the last step."""
    input:
        runs=project.paths.runs("horizon"),
        trajectories=project.runset_inputs("horizon"),
    output:
        horizon=survival_table("horizon.parquet"),
        rules=survival_table("stop_rules.parquet"),
        plotted=survival_table("figS1.csv"),
    log:
        f"logs/{project.scale}/survival/horizon.log",
    params:
        steps=project.config.analysis.horizon.steps,
        rules=project.config.analysis.horizon.model_dump(mode="json")["rules"],
        two_mean_factor=project.config.analysis.alive.two_mean_factor,
        confidence=project.config.analysis.bootstrap.confidence,
        key=keys("horizon"),
    script:
        "../../scripts/survival/analyse_horizon.py"


rule survival_figS1:
    """Figure S1: how soon the survivor set is final, and what stopping early saves."""
    input:
        horizon=survival_table("horizon.parquet"),
        rules=survival_table("stop_rules.parquet"),
    output:
        **kept_figure("survival", "figS1_horizon"),
    log:
        f"logs/{project.scale}/survival/figS1.log",
    localrule: True
    script:
        "../../scripts/survival/plot_figS1_horizon.py"


rule survival_demo:
    """The signals of the first demo network, and what lived in each of them."""
    input:
        runs=project.paths.runs("demo"),
        frequencies=project.paths.frequencies("demo"),
        trajectories=project.runset_inputs("demo"),
    output:
        demo=survival_table("demo.json"),
        plotted=survival_table("figS2.csv"),
    log:
        f"logs/{project.scale}/survival/demo.log",
    localrule: True
    params:
        key=keys("demo"),
    script:
        "../../scripts/survival/analyse_demo.py"


rule survival_figS2:
    """Figure S2: signals as they live and die, and who survives in eight small networks."""
    input:
        table=survival_table("figS2.csv"),
        demo=survival_table("demo.json"),
    output:
        **kept_figure("survival", "figS2_demo"),
    log:
        f"logs/{project.scale}/survival/figS2.log",
    localrule: True
    script:
        "../../scripts/survival/plot_figS2_demo.py"


include: "survival_dynamics.smk"
include: "survival_sweeps.smk"
