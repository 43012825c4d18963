# Prints the numbers that the unit tests of src/stats hold as those of R: base, and survey for designs.
# Made with R 4.2.2 and survey 4.1.1:  Rscript tests/oracles/statistics.R

options(digits = 16)
suppressMessages(library(survey))
show <- function(what, ...) cat(what, ":", format(c(...), digits = 16), "\n")

# proportions.rs
t <- prop.test(c(30, 45), c(80, 90), correct = FALSE)
show("30 of 80 against 45 of 90, |z| and p", sqrt(t$statistic), t$p.value)
show("interval of 30 of 80", prop.test(30, 80, correct = FALSE)$conf.int)
show("interval of 0 of 25 at 90 %", prop.test(0, 25, correct = FALSE, conf.level = 0.9)$conf.int)

# comparisons.rs
p <- c(0.012, 0.03, 0.2, 0.0004, 0.03, 1)
show("Bonferroni", p.adjust(p, "bonferroni"))
show("Benjamini-Hochberg", p.adjust(p, "BH"))

# chi_square.rs
m <- matrix(c(12, 5, 9, 20, 7, 11, 3, 4, 16), 3, byrow = TRUE)
t <- suppressWarnings(chisq.test(m, correct = FALSE))
show("Pearson", t$statistic, t$p.value)
show("expected, by column", t$expected)
show("adjusted residuals, by column", t$stdres)
g <- 2 * sum(m * log(m / t$expected))
show("likelihood ratio", g, pchisq(g, 4, lower.tail = FALSE))

# means.rs
a <- c(4, 7, 6, 9, 3, 8, 8); b <- c(5, 2, 4, 6, 1); c3 <- c(9, 9, 7, 10)
show("a", mean(a), sd(a), sd(a) / sqrt(length(a)))
t <- t.test(a, b); show("Welch t, df, p", t$statistic, t$parameter, t$p.value)
t <- t.test(a, b, var.equal = TRUE); show("pooled t, df, p", t$statistic, t$parameter, t$p.value)
show("pooled over all, ab ac - bc", pairwise.t.test(c(a, b, c3), rep(1:3, c(7, 5, 4)), "none", pool.sd = TRUE)$p.value)

# linearization.rs and rao_scott.rs: 20 made-up rows with stratum h, unit j, weight w, answer a, column g,
# value y, units N and rows NR in the population of the stratum.
d <- data.frame(
  h = c(1,1,1,1,1,1,1, 2,2,2,2,2,2,2,2, 3,3,3,3,3),
  j = c(1,1,2,2,3,3,3, 4,4,5,5,6,6,7,7, 8,8,9,9,9),
  w = c(1.5,2,0.5,1,2.5,1.2,0.8, 3,1,1.4,2.2,0.6,1.1,1.9,0.7, 2.4,1.6,0.9,1.3,2.1),
  a = c("a","a","b","c","a","b","a", "b","c","a","a","b","b","c","a", "c","a","b","b","a"),
  g = c("x","y","x","x","y","x","y", "x","x","y","x","y","y","x","y", "y","x","x","y","x"),
  y = c(1,4,2,5,3,3,2, 4,1,5,2,4,3,1,5, 2,2,4,5,3),
  N = c(rep(10, 7), rep(20, 8), rep(6, 5)), NR = c(rep(30, 7), rep(40, 8), rep(25, 5)))
d$is_a <- as.numeric(d$a == "a"); d$one <- 1; d$dx <- as.numeric(d$g == "x"); d$yx <- d$y * d$dx

of_table <- function(design) {
  t <- svychisq(~a + g, design, statistic = "F"); show("  F, df1, df2, p", t$statistic, t$parameter, t$p.value)
  t <- svychisq(~a + g, design, statistic = "Chisq"); show("  X2, df, first-order p", t$statistic, t$parameter, t$p.value)
}
of_shares <- function(design) {
  s <- svyby(~is_a, ~g, design, svymean); show("  shares of a in x and y, errors", s$is_a, s$se)
  t <- svyttest(is_a ~ dx, design); show("  x less y t, df, p", t$statistic, t$parameter, t$p.value)
}
of_design <- function(name, design) {
  cat("##", name, ": degrees of freedom", degf(design), "\n")
  m <- svyby(~y, ~g, design, svymean); show("  means in x and y, errors", m$y, m$se)
  t <- svyttest(y ~ dx, design); show("  t, df, p", t$statistic, t$parameter, t$p.value)
  of_shares(design)
  m <- svymean(~y, design); show("  mean of all, error", coef(m), SE(m))
  part <- svycontrast(svytotal(~yx + dx + y + one, design), quote(yx / dx - y / one))
  show("  x less all, error", coef(part), SE(part))
  of_table(design)
}
of_design("weights alone", svydesign(ids = ~1, weights = ~w, data = d))
of_design("strata of rows from finite populations", svydesign(ids = ~1, strata = ~h, fpc = ~NR, weights = ~w, data = d))
of_design("clusters in strata", svydesign(ids = ~j, strata = ~h, weights = ~w, data = d))
of_design("clusters from finite populations", svydesign(ids = ~j, strata = ~h, fpc = ~N, weights = ~w, data = d))
options(survey.lonely.psu = "adjust")
of_design("without unit 9", svydesign(ids = ~j, strata = ~h, fpc = ~N, weights = ~w, data = subset(d, j != 9)))
cat("## a domain\n")
of_shares(subset(svydesign(ids = ~j, strata = ~h, weights = ~w, data = d), y > 1 & h != 3))
cat("## an empty cell\n")
of_table(svydesign(ids = ~1, weights = ~w, data = subset(d, j != 8)))

# rao_scott.rs: 120 rows by formula, four answers in three columns, twelve clusters in three strata.
i <- 0:119
f <- data.frame(a = (i * i + i %/% 7) %% 4, g = (i * 3 + i %/% 5) %% 3, w = 0.5 + ((i * 11) %% 7) / 4, j = i %% 12, h = i %% 3)
cat("## by formula\n")
of_table(svydesign(ids = ~1, weights = ~w, data = f))
of_table(svydesign(ids = ~j, strata = ~h, weights = ~w, data = f))
