# Makes the data and the numbers that tests/test_agreement.py compares with.
# Usage: Rscript tests/oracle/review/make_oracle.R tests/oracle/review
suppressMessages({library(vcd); library(psych); library(survey)})
folder <- commandArgs(trailingOnly = TRUE)[1]
RNGkind("Mersenne-Twister", "Inversion", "Rejection")
set.seed(60)

# 240 charts read twice: eight answers, two of them rare, the second reader right seven times in ten
answers <- c("growth_factor", "infection", "plr", "corticosteroid", "other_named", "new_leukaemia",
             "new_blood_cancer", "undetermined")
first <- sample(answers, 240, TRUE, c(.4, .2, .15, .1, .08, .04, .01, .02))
second <- ifelse(runif(240) < .7, first, sample(answers, 240, TRUE))
pairs <- data.frame(first, second)

# a stratified sample of 60 of 758 charts: the rules' cause is the stratum; one stratum of one chart
cohort <- c(growth_factor = 516, infection = 108, plr = 75, corticosteroid = 46, undetermined = 12,
            new_leukaemia = 1)
drawn <- c(growth_factor = 14, infection = 14, plr = 13, corticosteroid = 10, undetermined = 8,
           new_leukaemia = 1)
charts <- data.frame(stratum = rep(names(drawn), drawn))
charts$weight <- (cohort / drawn)[charts$stratum]
wrong <- runif(60) < c(growth_factor = .1, infection = .3, plr = .3, corticosteroid = .1,
                       undetermined = 1, new_leukaemia = 0)[charts$stratum]
charts$reviewed <- ifelse(wrong, sample(names(cohort)[1:4], 60, TRUE), charts$stratum)

rows <- list()
add <- function(what, key, name, value) rows[[length(rows) + 1]] <<-
  data.frame(what, key, name, value = trimws(formatC(value, digits = 17, format = "g")))

kappas <- function(key, table) {
  by_vcd <- Kappa(table)$Unweighted
  by_psych <- cohen.kappa(table)
  add("kappa", key, c("value", "error", "error_psych"),
      c(by_vcd[["value"]], by_vcd[["ASE"]], sqrt(by_psych$var.kappa)))
}

# Gwet 2008, equations for two raters and q categories, written out term by term as printed there
ac1 <- function(key, table) {
  n <- sum(table); q <- nrow(table); p <- table / n
  used <- (rowSums(p) + colSums(p)) / 2
  pa <- sum(diag(p)); pe <- sum(used * (1 - used)) / (q - 1); value <- (pa - pe) / (1 - pe)
  one <- sum(diag(p) * (1 - used)) / (q - 1) - pa * pe
  two <- 0
  for (k in 1:q) for (l in 1:q) two <- two + p[k, l] * (1 - (used[k] + used[l]) / 2)^2
  two <- two / (q - 1)^2 - pe^2
  variance <- (pa * (1 - pa) - 4 * (1 - value) * one + 4 * (1 - value)^2 * two) / (n * (1 - pe)^2)
  add("ac1", key, c("value", "error"), c(value, sqrt(variance)))
}

both <- table(factor(first, answers), factor(second, answers))
kappas("all", both)
ac1("all", both)
for (cause in answers) {
  table <- table(factor(first == cause, c(TRUE, FALSE)), factor(second == cause, c(TRUE, FALSE)))
  kappas(cause, table)
  ac1(cause, table)
}

# the same charts a hundred times: a sample so large that intervals of every kind are alike
large <- charts[rep(seq_len(nrow(charts)), 100), ]
design <- svydesign(ids = ~1, strata = ~stratum, weights = ~weight, data = large)
for (cause in names(cohort)) {
  design <- update(design, asked = as.numeric(reviewed == cause), found = as.numeric(stratum == cause),
                   both = as.numeric(reviewed == cause & stratum == cause))
  for (term in c("sensitivity", "ppv")) {
    if (!any(charts[[c(sensitivity = "reviewed", ppv = "stratum")[term]]] == cause)) next
    ratio <- svyratio(~both, if (term == "sensitivity") ~asked else ~found, design)
    add(term, cause, c("value", "error_of_6000"), c(coef(ratio), SE(ratio)))
  }
}

write.csv(pairs, file.path(folder, "pairs.csv"), row.names = FALSE, quote = FALSE)
write.csv(charts, file.path(folder, "charts.csv"), row.names = FALSE, quote = FALSE)
write.csv(do.call(rbind, rows), file.path(folder, "oracle.csv"), row.names = FALSE, quote = FALSE)
writeLines(capture.output(sessionInfo()), file.path(folder, "session_info.txt"))
