# Interpretable patterns in random initialization (the successor of the survival paper).
# Needs the run-sets remainder, xor, before, winners, winners_ctrl, freeze_xor, freeze_rem and base,
# and tables of the survival paper, whose experiments and figures it shares. Makes, under
# results/<scale>/completeness/, tables, fig<n>.csv with the plotted numbers, and the figures;
# `snakemake completeness` makes all.

from functools import partial

COMPLETENESS = project.papers["completeness"].figures
COMPLETENESS_CONSTANTS = project.constants("completeness")
COMPLETENESS_RESAMPLING = project.config.analysis.bootstrap.model_dump()
completeness_table = partial(project.paths.table, "completeness")
completeness_log = f"logs/{project.scale}/completeness/{{}}.log".format


rule completeness:
    """All figures of the completeness paper, its claims judged, and its price."""
    input:
        project.figures_of("completeness"),
        project.verdicts_of("completeness"),
    localrule: True


rule completeness_remainder:
    """Orders that remainder equivalence learned, and their ranks before training."""
    input:
        runs=project.paths.runs("remainder"),
        weights=project.runset_weights("remainder"),
    output:
        table=completeness_table("remainder.parquet"),
        stats=completeness_table("remainder_stats.parquet"),
        plotted=completeness_table("fig1.csv"),
    log:
        completeness_log("remainder"),
    params:
        constants=COMPLETENESS_CONSTANTS.model_dump(),
        resampling=COMPLETENESS_RESAMPLING,
        paper=COMPLETENESS["fig1_remainder"].paper,
        key=keys("remainder"),
    script:
        "../../scripts/completeness/analyse_remainder.py"


rule completeness_xor:
    """Cubes that XOR learned, and their ranks before training."""
    input:
        runs=project.paths.runs("xor"),
        weights=project.runset_weights("xor"),
    output:
        table=completeness_table("xor.parquet"),
        stats=completeness_table("xor_stats.parquet"),
        plotted=completeness_table("fig2.csv"),
    log:
        completeness_log("xor"),
    params:
        constants=COMPLETENESS_CONSTANTS.model_dump(),
        resampling=COMPLETENESS_RESAMPLING,
        paper=COMPLETENESS["fig2_xor"].paper,
        key=keys("xor"),
    script:
        "../../scripts/completeness/analyse_xor.py"


rule completeness_winners:
    """Steps to full test accuracy of runs that keep their strongest circles, and of controls."""
    input:
        before=project.paths.runs("before"),
        winners=project.paths.runs("winners"),
        winners_ctrl=project.paths.runs("winners_ctrl"),
    output:
        table=completeness_table("winners.parquet"),
        stats=completeness_table("winners_stats.parquet"),
        plotted=completeness_table("fig6.csv"),
    log:
        completeness_log("winners"),
    params:
        resampling=COMPLETENESS_RESAMPLING,
        key=keys("before", "winners", "winners_ctrl"),
    script:
        "../../scripts/completeness/analyse_winners.py"


rule completeness_range:
    """Completeness of untrained embeddings by dimension, and identities derived for it."""
    output:
        table=completeness_table("range.parquet"),
        stats=completeness_table("range_stats.parquet"),
        fig8=completeness_table("fig8.csv"),
        fig10=completeness_table("fig10.csv"),
    log:
        completeness_log("range"),
    params:
        settings=COMPLETENESS_CONSTANTS.range.model_dump(),
        resampling=COMPLETENESS_RESAMPLING,
        scale=project.scale,
    script:
        "../../scripts/completeness/analyse_range.py"


rule completeness_frozen:
    """Test losses of XOR and remainder equivalence over frozen embeddings."""
    input:
        xor_runs=project.paths.runs("freeze_xor"),
        xor=project.runset_inputs("freeze_xor"),
        remainder_runs=project.paths.runs("freeze_rem"),
        remainder=project.runset_inputs("freeze_rem"),
        drawn=completeness_table("range.parquet"),
    output:
        stats=completeness_table("frozen_stats.parquet"),
        plotted=completeness_table("fig9.csv"),
    log:
        completeness_log("frozen"),
    params:
        shares=COMPLETENESS_CONSTANTS.frozen_shares,
        resampling=COMPLETENESS_RESAMPLING,
        key=keys("freeze_xor", "freeze_rem"),
    script:
        "../../scripts/completeness/analyse_frozen_tasks.py"


rule completeness_counter_example:
    """Default runs in which a strong start dies while a weaker one survives."""
    input:
        runs=project.paths.runs("base"),
        frequencies=project.paths.frequencies("base"),
        trajectories=project.runset_inputs("base"),
    output:
        table=completeness_table("overtaken.parquet"),
        stats=completeness_table("overtaken_stats.parquet"),
        plotted=completeness_table("fig14.csv"),
    log:
        completeness_log("counter_example"),
    params:
        confidence=project.config.analysis.bootstrap.confidence,
        key=keys("base"),
    script:
        "../../scripts/completeness/analyse_counter_example.py"


rule completeness_shared_claims:
    """Verdicts of the survival paper's claims that this paper repeats."""
    input:
        claims=survival_table("claims.csv"),
    output:
        stats=completeness_table("shared_claims.parquet"),
    log:
        completeness_log("shared_claims"),
    localrule: True
    params:
        scale=project.scale,
    script:
        "../../scripts/completeness/collect_shared_claims.py"


rule completeness_fig1:
    """Figure 1: embeddings of remainder equivalence, and the learned order among all."""
    input:
        table=completeness_table("fig1.csv"),
        stats=completeness_table("remainder_stats.parquet"),
    output:
        **kept_figure("completeness", "fig1_remainder"),
    log:
        completeness_log("fig1"),
    script:
        "../../scripts/completeness/plot_fig1_remainder.py"


rule completeness_fig2:
    """Figure 2: embeddings of XOR, and the learned cube among all."""
    input:
        table=completeness_table("fig2.csv"),
        stats=completeness_table("xor_stats.parquet"),
    output:
        **kept_figure("completeness", "fig2_xor"),
    log:
        completeness_log("fig2"),
    script:
        "../../scripts/completeness/plot_fig2_xor.py"


rule completeness_fig3:
    """Figure 3: the survival paper's figure 2."""
    input:
        table=survival_table("fig2.csv"),
        showcase=survival_table("showcase.json"),
    output:
        **kept_figure("completeness", "fig3_signal_evolution"),
    log:
        completeness_log("fig3"),
    params:
        projection_limit=project.config.analysis.survival.projection_limit,
        paper=COMPLETENESS["fig3_signal_evolution"].paper,
    script:
        "../../scripts/survival/plot_fig2_signal_evolution.py"


rule completeness_fig4:
    """Figure 4: the survival paper's figure 3."""
    input:
        table=survival_table("fig3.csv"),
        showcase=survival_table("showcase.json"),
    output:
        **kept_figure("completeness", "fig4_pca_vs_fft"),
    log:
        completeness_log("fig4"),
    script:
        "../../scripts/survival/plot_fig3_pca_vs_fft.py"


rule completeness_fig5:
    """Figure 5: the survival paper's figure 6."""
    input:
        table=survival_table("fig6.csv"),
        stats=survival_table("survival_stats.parquet"),
    output:
        **kept_figure("completeness", "fig5_survival"),
    log:
        completeness_log("fig5"),
    params:
        paper=COMPLETENESS["fig5_survival"].paper,
    script:
        "../../scripts/survival/plot_fig6_survival.py"


rule completeness_fig6:
    """Figure 6: the panels of the survival paper's figure 7, and training with the winners."""
    input:
        table=survival_table("fig7.csv"),
        stats=survival_table("gradient_stats.parquet"),
        classifier=survival_table("classifier.parquet"),
        speed=completeness_table("fig6.csv"),
        speed_stats=completeness_table("winners_stats.parquet"),
    output:
        **kept_figure("completeness", "fig6_gradient_and_speed"),
    log:
        completeness_log("fig6"),
    params:
        paper=COMPLETENESS["fig6_gradient_and_speed"].paper,
        runs=project.runs_of("completeness", "fig6_gradient_and_speed"),
    script:
        "../../scripts/completeness/plot_fig6_gradient_and_speed.py"


rule completeness_fig7:
    """Figure 7: the survival paper's figure 4."""
    input:
        table=survival_table("fig4.csv"),
        stats=survival_table("fig4_stats.parquet"),
    output:
        **kept_figure("completeness", "fig7_frozen_modular"),
    log:
        completeness_log("fig7"),
    script:
        "../../scripts/survival/plot_fig4_frozen_embedding.py"


rule completeness_fig8:
    """Figure 8: the least complete structure of untrained embeddings by dimension."""
    input:
        table=completeness_table("fig8.csv"),
        stats=completeness_table("range_stats.parquet"),
    output:
        **kept_figure("completeness", "fig8_min_completeness"),
    log:
        completeness_log("fig8"),
    script:
        "../../scripts/completeness/plot_fig8_min_completeness.py"


rule completeness_fig9:
    """Figure 9: test loss of XOR and remainder equivalence over a frozen embedding."""
    input:
        table=completeness_table("fig9.csv"),
        stats=completeness_table("frozen_stats.parquet"),
    output:
        **kept_figure("completeness", "fig9_frozen_xor_remainder"),
    log:
        completeness_log("fig9"),
    script:
        "../../scripts/completeness/plot_fig9_frozen_xor_remainder.py"


rule completeness_fig10:
    """Figure 10: least, mean and most complete structure of untrained embeddings."""
    input:
        table=completeness_table("fig10.csv"),
        stats=completeness_table("range_stats.parquet"),
    output:
        **kept_figure("completeness", "fig10_completeness_range"),
    log:
        completeness_log("fig10"),
    script:
        "../../scripts/completeness/plot_fig10_completeness_range.py"


rule completeness_fig11:
    """Figure 11: the survival paper's figures 5 and 14 together."""
    input:
        table=survival_table("fig5.csv"),
        stats=survival_table("fig5_stats.parquet"),
        moduli=survival_table("fig14.csv"),
        moduli_stats=survival_table("fig14_stats.parquet"),
    output:
        **kept_figure("completeness", "fig11_number_of_circles"),
    log:
        completeness_log("fig11"),
    params:
        paper=COMPLETENESS["fig11_number_of_circles"].paper,
        runs=project.runs_of("completeness", "fig11_number_of_circles"),
    script:
        "../../scripts/completeness/plot_fig11_number_of_circles.py"


rule completeness_fig12:
    """Figure 12: the survival paper's figure 10."""
    input:
        table=survival_table("fig10.csv"),
        stats=survival_table("fig10_stats.parquet"),
    output:
        **kept_figure("completeness", "fig12_weight_decay"),
    log:
        completeness_log("fig12"),
    params:
        small=project.config.analysis.sweeps.small_decay,
        paper=COMPLETENESS["fig12_weight_decay"].paper,
    script:
        "../../scripts/survival/plot_fig10_weight_decay.py"


rule completeness_fig13:
    """Figure 13: the survival paper's figure 11."""
    input:
        table=survival_table("fig11.csv"),
        stats=survival_table("circularity_stats.parquet"),
    output:
        **kept_figure("completeness", "fig13_circularity"),
    log:
        completeness_log("fig13"),
    script:
        "../../scripts/survival/plot_fig11_circularity.py"


rule completeness_fig14:
    """Figure 14: signals over training, and a run in which a strong start dies."""
    input:
        table=survival_table("fig2.csv"),
        showcase=survival_table("showcase.json"),
        example=completeness_table("fig14.csv"),
        stats=completeness_table("overtaken_stats.parquet"),
    output:
        **kept_figure("completeness", "fig14_complex_dynamics"),
    log:
        completeness_log("fig14"),
    params:
        paper=COMPLETENESS["fig14_complex_dynamics"].paper,
    script:
        "../../scripts/completeness/plot_fig14_complex_dynamics.py"


rule completeness_fig15:
    """Figure 15: the survival paper's figure 12."""
    input:
        table=survival_table("fig12.csv"),
        stats=survival_table("fig12_stats.parquet"),
    output:
        **kept_figure("completeness", "fig15_winning_tickets"),
    log:
        completeness_log("fig15"),
    script:
        "../../scripts/survival/plot_fig12_ablation.py"


rule completeness_fig16:
    """Figure 16: the survival paper's figure 13."""
    input:
        table=survival_table("fig13.csv"),
        stats=survival_table("embedding_gradient_stats.parquet"),
        showcase=survival_table("showcase.json"),
    output:
        **kept_figure("completeness", "fig16_embedding_gradient"),
    log:
        completeness_log("fig16"),
    params:
        paper=COMPLETENESS["fig16_embedding_gradient"].paper,
    script:
        "../../scripts/survival/plot_fig13_embedding_gradient.py"
