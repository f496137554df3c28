# Makes the data and the numbers that tests/test_patients_against_r.py compares with.
# Usage: Rscript tests/oracle/patients/make_oracle.R tests/oracle/patients
# Debian has no package of standardised differences, so their formulas stand here as printed; where
# MASS's inverse takes part, it is that of the R package tableone.
suppressMessages(library(MASS))
folder <- commandArgs(trailingOnly = TRUE)[1]
RNGkind("Mersenne-Twister", "Inversion", "Rejection")
set.seed(2009)

# five groups of 8 to 240 patients: a symmetric and a skewed number, two and six levels, some unknown
sizes <- c(a = 240, b = 90, c = 40, d = 15, e = 8)
group <- rep(names(sizes), sizes)
n <- length(group)
shift <- c(a = 0, b = .4, c = -.3, d = .8, e = 0)[group]
cohort <- data.frame(
  group,
  age = round(rnorm(n, 62 + 5 * shift, 12)),
  count = round(40 + rexp(n, 1 / (20 * exp(shift))), 1),
  sex = ifelse(runif(n) < plogis(shift), "male", "female"),
  tumour = sample(c("breast", "lung", "colon", "skin", "bone", "other"), n, TRUE,
                  c(.3, .25, .2, .15, .07, .03)))
cohort$age[sample(n, 25)] <- NA
cohort$tumour[sample(n, 10)] <- NA
cohort$side <- ifelse(group == "b", "left", ifelse(group == "c", "right", cohort$sex))

rows <- list()
add <- function(what, key, variable, value) rows[[length(rows) + 1]] <<-
  data.frame(what, key, variable, value = trimws(formatC(value, digits = 17, format = "g")))

# Austin 2009, equation for continuous variables
austin <- function(x, y) (mean(x) - mean(y)) / sqrt((var(x) + var(y)) / 2)
# Austin 2009, equation for dichotomous variables
austin_two <- function(p, q) (p - q) / sqrt((p * (1 - p) + q * (1 - q)) / 2)
# Yang and Dalton 2012: T, C and S as printed, the first level dropped instead of the last
yang_dalton <- function(x, y) {
  levels <- sort(unique(c(x, y)))
  t <- prop.table(table(factor(x, levels)))[-1]
  c <- prop.table(table(factor(y, levels)))[-1]
  k <- length(t)
  s <- matrix(0, k, k)
  for (i in 1:k) for (j in 1:k)
    s[i, j] <- if (i == j) (t[i] * (1 - t[i]) + c[i] * (1 - c[i])) / 2 else -(t[i] * t[j] + c[i] * c[j]) / 2
  drop(sqrt(t(t - c) %*% ginv(s) %*% (t - c)))
}
known <- function(g, v) { x <- cohort[cohort$group == g, v]; x[!is.na(x)] }

for (pair in combn(names(sizes), 2, simplify = FALSE)) {
  key <- paste(pair[2], "against", pair[1])
  for (v in c("age", "count")) {
    x <- known(pair[2], v); y <- known(pair[1], v)
    add("means", key, v, austin(x, y))
    ranks <- rank(c(x, y))
    add("ranks", key, v, austin(ranks[seq_along(x)], ranks[-seq_along(x)]))
  }
  x <- known(pair[2], "sex"); y <- known(pair[1], "sex")
  add("proportions", key, "sex", austin_two(mean(x == "male"), mean(y == "male")))
  for (v in c("sex", "tumour")) add("shares", key, v, yang_dalton(known(pair[2], v), known(pair[1], v)))
}

# tests: all five groups; three large ones; and small ones, every deal or table of which is listed
some <- list(all = names(sizes), large = c("a", "b", "c"), small = c("d", "e"))
for (key in names(some)) {
  part <- cohort[cohort$group %in% some[[key]], ]
  for (v in c("age", "count")) {
    found <- kruskal.test(part[[v]], factor(part$group))
    add("kruskal", key, v, found$statistic)
    add("kruskal_p", key, v, found$p.value)
  }
  for (v in c("sex", "tumour")) {
    table <- table(part$group, part[[v]])
    found <- suppressWarnings(chisq.test(table, correct = FALSE))
    add("pearson", key, v, found$statistic)
    add("pearson_p", key, v, found$p.value)
    add("fisher_p", key, v, if (key == "small") fisher.test(table)$p.value else
      fisher.test(table, simulate.p.value = TRUE, B = 1e6)$p.value)
  }
}
# every deal of nine values to two groups of four and five, by the rank-sum test
few <- list(x = c(40.2, 44, 51, 73), y = c(41, 47, 90, 120, 133))
add("wilcoxon_exact", "few", "count", wilcox.test(few$x, few$y, exact = TRUE)$p.value)
add("fisher_p", "printed", "tea", fisher.test(matrix(c(3, 1, 1, 3), 2))$p.value)
add("fisher_p", "printed", "jobs", fisher.test(matrix(c(1,2,1,0, 3,3,6,1, 10,10,14,9, 6,7,12,11), 4, 4))$p.value)

write.csv(cohort, file.path(folder, "cohort.csv"), row.names = FALSE, quote = FALSE, na = "")
write.csv(do.call(rbind, rows), file.path(folder, "oracle.csv"), row.names = FALSE, quote = FALSE)
writeLines(capture.output(sessionInfo()), file.path(folder, "session_info.txt"))
