# Makes the numbers that tests/test_estimators_against_r.py compares with.
# Usage: Rscript tests/oracle/estimators/make_oracle.R tests/oracle/estimators
# Reads the data sets that tests/oracle/survival/make_oracle.R wrote beside this folder.
suppressMessages({library(survival); library(mice); library(riskRegression)})
folder <- commandArgs(trailingOnly = TRUE)[1]
script <- sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE))
data_of <- file.path(dirname(dirname(normalizePath(script))), "survival")
RNGkind("Mersenne-Twister", "Inversion", "Rejection")
set.seed(1972)

rows <- list()
add <- function(data, what, key, name, value) {
  if (length(value)) rows[[length(rows) + 1]] <<-
    data.frame(data, what, key, name, value = trimws(formatC(value, digits = 17, format = "g")))
}
exact <- coxph.control(eps = 1e-12, toler.chol = 1e-13, iter.max = 100)
read <- function(name) read.csv(file.path(data_of, paste0(name, ".csv")))
sets <- list(cohort = read("cohort"), lung = read("lung"), veteran = read("veteran"), ovarian = read("ovarian"))
sets$cohort$stratum <- sets$cohort$male
sets$cohort$score <- findInterval(sets$cohort$log2_wbc, c(5.5, 6, 6.5), left.open = TRUE) + 1
sets$lung <- sets$lung[!is.na(sets$lung$ph_ecog), ]
sets$lung$stratum <- as.integer(sets$lung$age > 62)
sets$lung$score <- sets$lung$ph_ecog
sets$veteran$stratum <- sets$veteran$treated
sets$veteran$score <- findInterval(sets$veteran$karno, c(30, 50, 70), left.open = TRUE) + 1
sets$ovarian$stratum <- as.integer(sets$ovarian$age > 56)
sets$ovarian$score <- findInterval(sets$ovarian$age, c(45, 60), left.open = TRUE) + 1

# the test for trend from what survdiff gives: scores' (O - E), with scores' V scores
trend <- function(data, key, fit, levels) {
  obs <- if (is.matrix(fit$obs)) rowSums(fit$obs) else fit$obs
  expected <- if (is.matrix(fit$exp)) rowSums(fit$exp) else fit$exp
  chisq <- sum(levels * (obs - expected))^2 / drop(levels %*% fit$var %*% levels)
  add(data, "trend", key, c("chisq", "p"), c(chisq, pchisq(chisq, 1, lower.tail = FALSE)))
}

for (data in names(sets)) {
  frame <- sets[[data]]
  fit <- survdiff(Surv(days, status) ~ group + strata(stratum), frame)
  df <- length(fit$n) - 1
  add(data, "stratified", "all", c("chisq", "df", "p"),
      c(fit$chisq, df, pchisq(fit$chisq, df, lower.tail = FALSE)))
  add(data, "stratified", sort(unique(frame$group)), "expected", rowSums(fit$exp))

  levels <- sort(unique(frame$score))
  trend(data, "all", survdiff(Surv(days, status) ~ score, frame), levels)
  trend(data, "stratified", survdiff(Surv(days, status) ~ score + strata(stratum), frame), levels)
  # the score test of the exact partial likelihood is the same test, by another road
  if (data != "cohort") add(data, "trend", "coxph", "chisq",
    coxph(Surv(days, status) ~ score, frame, ties = "exact")$score)

  # every deal of group 1 within two strata of six, with survdiff's observed - expected
  small <- frame[seq_len(12), ]
  small$half <- rep(1:2, 6)
  excess <- function(member) {
    fit <- survdiff(Surv(days, status) ~ member + strata(half), small)
    sum(fit$obs[1, ] - fit$exp[1, ])
  }
  odd <- combn(which(small$half == 1), 2, simplify = FALSE)
  even <- combn(which(small$half == 2), 3, simplify = FALSE)
  deals <- unlist(lapply(odd, function(a) lapply(even, function(b)
    excess(!(seq_len(12) %in% c(a, b))))))
  observed <- excess(!(seq_len(12) %in% c(1, 5, 2, 4, 10)))
  add(data, "stratified permutation", "5 of 12", "p", mean(abs(deals) >= abs(observed) - 1e-9))

  groups <- sort(unique(frame$group))
  for (day in if (data == "ovarian") c(200, 400) else c(30, 60, 84)) {
    at <- summary(survfit(Surv(days, status) ~ group, frame, se.fit = TRUE), times = day)
    risk <- setNames(1 - at$surv, groups)
    error <- setNames(at$std.err, groups)
    for (pair in combn(groups, 2, simplify = FALSE)) if (all(risk[pair] > 0 & risk[pair] < 1)) {
      key <- paste0(pair[2], " against ", pair[1], "@", day)
      difference <- unname(risk[pair[2]] - risk[pair[1]])
      width <- qnorm(0.975) * sqrt(sum(error[pair]^2))
      ratio <- unname(risk[pair[2]] / risk[pair[1]])
      factor <- exp(qnorm(0.975) * sqrt(sum((error[pair] / risk[pair])^2)))
      add(data, "risk difference", key, c("estimate", "low", "high"), difference + c(0, -1, 1) * width)
      add(data, "risk ratio", key, c("estimate", "low", "high"), ratio * factor^c(0, -1, 1))
    }
  }

  for (key in c("all", groups)) {
    part <- if (key == "all") frame else frame[frame$group == key, ]
    found <- quantile(survfit(Surv(days, status) ~ 1, part, conf.type = "log-log"), c(.25, .5, .75))
    for (end in names(found))
      add(data, "quantile", paste(key, c(25, 50, 75), sep = "@"), end, unname(found[[end]]))
    seen <- pmin(part$days, 84)
    add(data, "completeness", key, "C",
        sum(seen) / sum(ifelse(part$status == 1 & part$days <= 84, seen, 84)))
  }
}

# a flat step at exactly a quarter, a half, three quarters
for (status in c("1111", "1011", "1110")) {
  ends <- as.integer(strsplit(status, "")[[1]])
  found <- quantile(survfit(Surv(1:4, ends) ~ 1, conf.type = "log-log"), c(.25, .5, .75))
  for (end in names(found))
    add("small", "quantile", paste(status, c(25, 50, 75), sep = "@"), end, unname(found[[end]]))
}

for (pair in list(c(0, 9), c(1, 9), c(4, 9), c(9, 9), c(60, 77), c(3, 758), c(112, 758))) add(
  "proportion", "exact", paste(pair, collapse = "/"), c("low", "high"), binom.test(pair[1], pair[2])$conf.int)

# Standardised survival: survfit for everybody as if in each group, averaged. Its standard error by
# moving each patient's weight a little, up and down (the infinitesimal jackknife).
models <- list(
  cohort = Surv(days, status) ~ group + age + male + log2_wbc,
  veteran = Surv(days, status) ~ group + treated + karno,
  ovarian = Surv(days, status) ~ group + age
)
days_of <- list(cohort = c(28, 56, 84), veteran = c(30, 90, 180), ovarian = c(200, 400))
standardised <- function(data, frame, w, level) {
  environment(models[[data]]) <- environment()
  fit <- coxph(models[[data]], frame, weights = w, ties = "efron", control = exact, model = TRUE)
  everybody <- frame
  everybody$group <- factor(level, levels(frame$group))
  curves <- summary(survfit(fit, newdata = everybody, se.fit = FALSE), times = days_of[[data]])$surv
  drop(as.matrix(curves) %*% w) / sum(w)
}
for (data in names(models)) {
  frame <- na.omit(sets[[data]][, c(all.vars(models[[data]]))])
  frame$group <- factor(frame$group)
  if (data == "cohort") frame <- frame[c(1:240, which(frame$group == "plr")), ]
  frame <- droplevels(frame[!duplicated(row.names(frame)), ])
  if (data == "cohort") write.csv(frame, file.path(folder, "standardised_cohort.csv"), row.names = FALSE, quote = FALSE)
  n <- nrow(frame)
  one <- rep(1, n)
  influence <- list()
  for (level in levels(frame$group)) {
    middle <- standardised(data, frame, one, level)
    moved <- sapply(seq_len(n), function(i) {
      up <- one; up[i] <- 1 + 1e-4
      down <- one; down[i] <- 1 - 1e-4
      (standardised(data, frame, up, level) - standardised(data, frame, down, level)) / 2e-4
    })
    influence[[level]] <- moved
    key <- paste(level, days_of[[data]], sep = "@")
    add(data, "standardised", key, "survival", middle)
    add(data, "standardised", key, "error", sqrt(rowSums(moved^2)))
  }
  last <- length(days_of[[data]])
  for (pair in combn(levels(frame$group), 2, simplify = FALSE))
    add(data, "standardised difference", paste(pair[2], "against", pair[1]), "error",
        sqrt(sum((influence[[pair[2]]][last, ] - influence[[pair[1]]][last, ])^2)))
  # riskRegression's own influence functions: the same where there are no ties
  fit <- coxph(models[[data]], frame, ties = "efron", x = TRUE, y = TRUE, control = exact)
  averaged <- ate(fit, treatment = "group", data = frame, times = days_of[[data]], se = TRUE, verbose = FALSE)
  found <- as.data.frame(averaged$meanRisk)
  tied <- any(duplicated(frame$days[frame$status == 1]))
  key <- paste(found$treatment, found$time, sep = "@")
  add(data, "ate", key, "risk", found$estimate)
  if (!tied) add(data, "ate", key, "error", found$se)
}

# Gaps: age at random given the outcome, male completely at random, log2_wbc given age
gaps <- sets$cohort[!is.na(sets$cohort$age), c("days", "status", "group", "age", "male", "log2_wbc")]
gaps <- gaps[c(1:300, which(gaps$group != "infection")), ]
gaps <- gaps[!duplicated(row.names(gaps)), ]
chance <- runif(nrow(gaps))
gaps$male[runif(nrow(gaps)) < 0.1] <- NA
gaps$log2_wbc[runif(nrow(gaps)) < plogis(-2 + 0.05 * (gaps$age - 62))] <- NA
gaps$age[chance < 0.1 + 0.15 * gaps$status] <- NA
write.csv(gaps, file.path(folder, "gaps.csv"), row.names = FALSE, quote = FALSE)
model <- Surv(days, status) ~ group + age + male + log2_wbc

prepared <- gaps
prepared$group <- factor(prepared$group)
prepared$male <- factor(prepared$male)
prepared$hazard <- nelsonaalen(prepared, days, status)
prepared$days <- NULL
run <- function(m, seed) mice(prepared, m = m, maxit = 10, seed = seed, printFlag = FALSE,
                              method = c("", "", "pmm", "logreg", "pmm", "")[match(names(prepared),
                                c("status", "group", "age", "male", "log2_wbc", "hazard"))])
filled <- function(drawn) lapply(complete(drawn, "all"), function(one) {
  one$days <- gaps$days
  one$male <- as.integer(as.character(one$male))
  one
})
pooled <- function(copies) {
  fits <- lapply(copies, function(one) coxph(model, one, ties = "efron", control = exact))
  pool(as.mira(fits))
}
copies <- filled(run(5, 1))
stacked <- do.call(rbind, Map(function(one, i) cbind(copy = i, one[, names(gaps)]), copies, seq_along(copies)))
write.csv(stacked, file.path(folder, "imputed.csv"), row.names = FALSE, quote = FALSE)
found <- summary(pooled(copies), conf.int = TRUE)
parts <- pooled(copies)$pooled
add("gaps", "pooled", as.character(found$term), "estimate", found$estimate)
add("gaps", "pooled", as.character(found$term), "error", found$std.error)
add("gaps", "pooled", as.character(found$term), "degrees", found$df)
add("gaps", "pooled", as.character(found$term), "low", found[["2.5 %"]])
add("gaps", "pooled", as.character(found$term), "high", found[["97.5 %"]])
add("gaps", "pooled", as.character(found$term), "p", found$p.value)
add("gaps", "pooled", as.character(found$term), "fmi", parts$fmi)

# in distribution: 200 imputations leave a Monte Carlo error of sqrt(b / m) in the pooled estimate
many <- pooled(filled(run(200, 2)))$pooled
add("gaps", "200 imputations", as.character(many$term), "estimate", many$estimate)
add("gaps", "200 imputations", as.character(many$term), "error", sqrt(many$t))
add("gaps", "200 imputations", as.character(many$term), "monte carlo", sqrt(many$b / many$m))
add("gaps", "200 imputations", as.character(many$term), "fmi", many$fmi)

write.csv(do.call(rbind, rows), file.path(folder, "oracle.csv"), row.names = FALSE, quote = FALSE)
writeLines(capture.output(sessionInfo()), file.path(folder, "session_info.txt"))
