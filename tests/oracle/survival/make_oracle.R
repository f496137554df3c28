# Makes the data and the numbers that tests/test_survival_against_r.py compares with.
# Usage: Rscript tests/oracle/survival/make_oracle.R tests/oracle/survival
suppressMessages(library(survival))
folder <- commandArgs(trailingOnly = TRUE)[1]
RNGkind("Mersenne-Twister", "Inversion", "Rejection")
set.seed(758)

# 758 patients, one group of 9, whole days so many ties, censored at 84 days and before
n <- 758
group <- rep(c("infection", "other", "plr"), c(672, 9, 77))
age <- round(rnorm(n, 62, 12))
male <- rbinom(n, 1, 0.5)
log2_wbc <- round(log2(40) + rexp(n, 2), 3)
rate <- exp(-5 + 1.2 * (group == "plr") + 0.02 * (age - 62) + 0.2 * log2_wbc - 1)
event_on <- floor(rexp(n, rate))
left_on <- pmin(84, floor(runif(n, 10, 200)))
days <- pmin(event_on, left_on)
status <- as.integer(event_on <= left_on)
days[days == 0 & status == 1] <- 0.5
age[c(3, 300, 701)] <- NA
cohort <- data.frame(days, status, group, age, male, log2_wbc)

data_sets <- list(
  cohort = cohort,
  lung = with(lung, data.frame(days = time, status = status - 1, group = ifelse(sex == 1, "male", "female"),
                               age, male = as.integer(sex == 1), ph_ecog = ph.ecog)),
  veteran = with(veteran, data.frame(days = time, status, group = as.character(celltype),
                                     treated = as.integer(trt == 2), karno)),
  ovarian = with(ovarian, data.frame(days = futime, status = fustat, group = paste0("rx", rx), age))
)
models <- list(
  cohort = days_status ~ group + age + male + log2_wbc,
  lung = days_status ~ age + male + ph_ecog,
  veteran = days_status ~ group + treated + karno,
  ovarian = days_status ~ group + age
)

rows <- list()
add <- function(data, what, key, name, value) {
  if (length(value)) rows[[length(rows) + 1]] <<-
    data.frame(data, what, key, name, value = trimws(formatC(value, digits = 17, format = "g")))
}

curve <- function(data, key, days, status, what = "curve") {
  fit <- survfit(Surv(days, status) ~ 1, conf.type = "log-log")
  at <- formatC(fit$time, digits = 17, format = "g", width = 1)
  for (name in c("n.risk", "n.event", "n.censor", "surv", "lower", "upper"))
    add(data, what, paste(key, at, sep = "@"), name, fit[[name]])
  middle <- summary(fit)$table[c("median", "0.95LCL", "0.95UCL")]
  add(data, paste(what, "median"), key, c("median", "lower", "upper"), unname(middle))
  if (what == "curve") for (horizon in c(30, 60, 84)) if (horizon >= min(days) && horizon <= max(days))
    add(data, "restricted mean", paste(key, horizon, sep = "@"), c("mean", "error"),
        unname(summary(fit, rmean = horizon)$table[c("rmean", "se(rmean)")]))
}

tests <- function(data, key, frame) {
  fit <- survdiff(Surv(days, status) ~ group, frame)
  df <- length(fit$n) - 1
  p <- pchisq(fit$chisq, df, lower.tail = FALSE)
  add(data, "logrank", key, c("chisq", "df", "p"), c(fit$chisq, df, p))
  add(data, "logrank", paste(key, sort(unique(frame$group)), sep = "@"), "expected", fit$exp)
  p
}

for (data in names(data_sets)) {
  frame <- data_sets[[data]]
  write.csv(frame, file.path(folder, paste0(data, ".csv")), row.names = FALSE, quote = FALSE)
  levels <- sort(unique(frame$group))
  curve(data, "all", frame$days, frame$status)
  for (level in levels) with(frame[frame$group == level, ], curve(data, level, days, status))
  curve(data, "all", frame$days, 1 - frame$status, "follow-up")

  tests(data, "all", frame)
  pairs <- combn(levels, 2, simplify = FALSE)
  p <- sapply(pairs, function(pair)
    tests(data, paste(pair, collapse = " against "), frame[frame$group %in% pair, ]))
  add(data, "holm", sapply(pairs, paste, collapse = " against "), "p", p.adjust(p, "holm"))

  # every way of dealing the first patients to two groups, with survdiff's observed - expected
  small <- frame[seq_len(12), ]
  first <- seq_len(12) %in% c(1, 4, 5, 9)
  excess <- function(member) {
    fit <- survdiff(Surv(days, status) ~ member, small)
    fit$obs[1] - fit$exp[1]
  }
  deals <- combn(12, 4, function(chosen) excess(seq_len(12) %in% chosen))
  add(data, "permutation", "4 of 12", "p", mean(abs(deals) >= abs(excess(first)) - 1e-9))

  frame$days_status <- with(frame, Surv(days, status))
  # tighter than the default 1e-9 on the log-likelihood, which leaves 1e-5 in a coefficient
  exact <- coxph.control(eps = 1e-12, toler.chol = 1e-13, iter.max = 100)
  fit <- coxph(models[[data]], frame, ties = "efron", control = exact)
  se <- sqrt(diag(vcov(fit)))
  add(data, "cox", names(coef(fit)), "coefficient", coef(fit))
  add(data, "cox", names(coef(fit)), "se", se)
  add(data, "cox", names(coef(fit)), "p", 2 * pnorm(-abs(coef(fit) / se)))
  add(data, "cox", names(coef(fit)), "low", exp(coef(fit) - qnorm(0.975) * se))
  add(data, "cox", names(coef(fit)), "high", exp(coef(fit) + qnorm(0.975) * se))
  add(data, "cox", "model", c("loglik0", "loglik", "lr", "n", "n_events"),
      c(fit$loglik, 2 * diff(fit$loglik), fit$n, fit$nevent))
  for (transform in c("km", "identity")) {
    table <- cox.zph(fit, transform = transform, terms = TRUE)$table
    for (column in c("chisq", "df", "p"))
      add(data, paste("zph", transform), rownames(table), column, table[, column])
  }
}

# medians on a step at exactly one half: falling further, ending there, and after censoring
small <- list(`1111` = c(1, 1, 1, 1), `1100` = c(1, 1, 0, 0), `1101` = c(1, 1, 0, 1))
for (key in names(small)) curve("small", key, 1:4, small[[key]])

for (pair in list(c(0, 9), c(1, 9), c(9, 9), c(60, 77), c(112, 758))) {
  key <- paste(pair, collapse = "/")
  add("proportion", "wilson", key, c("low", "high"),
      suppressWarnings(prop.test(pair[1], pair[2], correct = FALSE))$conf.int)
  add("proportion", "exact", key, c("low", "high"), binom.test(pair[1], pair[2])$conf.int)
}

write.csv(do.call(rbind, rows), file.path(folder, "oracle.csv"), row.names = FALSE, quote = FALSE)
writeLines(capture.output(sessionInfo()), file.path(folder, "session_info.txt"))
