# Makes the data and the numbers that tests/test_bias_against_r.py compares with.
# Usage: Rscript tests/oracle/bias/make_oracle.R tests/oracle/bias
suppressMessages(library(survival))
folder <- commandArgs(trailingOnly = TRUE)[1]
RNGkind("Mersenne-Twister", "Inversion", "Rejection")
set.seed(2017)

rows <- list()
add <- function(what, key, name, value) {
  rows[[length(rows) + 1]] <<-
    data.frame(what, key, name, value = trimws(formatC(value, digits = 17, format = "g")))
}

# 1. E-values, with the formulas of the R package EValue (evalues.HR), written out: Debian does not have it
to_rr <- function(hr, rare) if (rare) hr else (1 - 0.5^sqrt(hr)) / (1 - 0.5^sqrt(1 / hr))
threshold <- function(x) { if (x < 1) x <- 1 / x; x + sqrt(x * (x - 1)) }
for (hr in list(c(1.25, 0.85, 1.85), c(0.32, 0.23, 0.44), c(2.6, 1.7, 4), c(0.56, 0.46, 0.69),
                c(1, 0.8, 1.25), c(3.9, 1.8, 8.7))) for (rare in c(TRUE, FALSE)) {
  key <- paste(c(hr, as.integer(rare)), collapse = "/")
  rr <- sapply(hr, to_rr, rare = rare)
  end <- if (rr[2] <= 1 && rr[3] >= 1) 1 else threshold(if (rr[1] < 1) rr[3] else rr[2])
  add("e-value", key, c("ratio", "estimate", "interval"), c(rr[1], threshold(rr[1]), end))
}

# 2. A cohort with ties, a small group, and losses; the groups shuffled a little in five copies
n <- 240
group <- rep(c("infection", "plr", "other"), c(80, 30, 130))
age <- round(rnorm(n, 62, 12))
event_on <- 1 + floor(rexp(n, c(infection = 1 / 90, plr = 1 / 45, other = 1 / 250)[group]))
left_on <- pmin(84, floor(runif(n, 5, 160)))
cohort <- data.frame(days = pmin(event_on, left_on), status = as.integer(event_on <= left_on), group, age)
for (i in 1:5) {
  labels <- group
  moved <- sample(n, 25)
  labels[moved] <- sample(labels[moved])
  cohort[[paste0("group_", i)]] <- labels
}
cohort$luck <- round(runif(n), 6)
write.csv(cohort, file.path(folder, "cohort.csv"), row.names = FALSE, quote = FALSE)

relevel_to <- function(labels) factor(labels, levels = c("infection", "other", "plr"))
model <- function(what, key, days, status, labels) {
  fit <- coxph(Surv(days, status) ~ relevel_to(labels) + cohort$age, ties = "efron",
               control = coxph.control(eps = 1e-10, iter.max = 50))
  add(what, key, c("other", "plr", "age"), unname(coef(fit)))
  add(what, key, paste("error", c("other", "plr", "age")), unname(sqrt(diag(vcov(fit)))))
}
for (i in 1:5) {
  labels <- cohort[[paste0("group_", i)]]
  model("cox", i, cohort$days, cohort$status, labels)
  for (g in c("infection", "plr", "other")) {
    fit <- summary(survfit(Surv(days, status) ~ 1, cohort[labels == g, ]), times = c(28, 56, 84))
    add("risk", paste(i, g, sep = "@"), paste("log(-log)", fit$time), log(-log(fit$surv)))
    # the standard error of the survival is carried over by the delta method
    add("risk", paste(i, g, sep = "@"), paste("error", fit$time),
        fit$std.err / fit$surv / abs(log(fit$surv)))
  }
}

# 3. What happened to those lost: never, on the next day, or drawn from the rest of the group's
#    curve with the hazard times delta
horizon <- 84
lost <- cohort$status == 0 & cohort$days < horizon
never <- cohort
never$days[lost] <- horizon
model("imputed", "never", never$days, never$status, group)
at_once <- cohort
at_once$days[lost] <- at_once$days[lost] + 1
at_once$status[lost] <- 1
model("imputed", "at once", at_once$days, at_once$status, group)
for (delta in c(0.5, 1, 4)) {
  drawn <- cohort
  for (i in which(lost)) {
    fit <- survfit(Surv(days, status) ~ 1, cohort[group == group[i], ])
    start <- summary(fit, times = cohort$days[i])$surv
    later <- fit$time[fit$n.event > 0 & fit$surv <= start * cohort$luck[i]^(1 / delta)]
    drawn$status[i] <- as.integer(length(later) > 0)
    drawn$days[i] <- if (length(later)) min(later) else min(horizon, max(cohort$days[group == group[i]]))
  }
  model("imputed", delta, drawn$days, drawn$status, group)
}

# 4. Rubin's rules
for (m in c(2, 10)) {
  estimates <- log(1.2 + 0.05 * sin(seq_len(m)))
  variances <- 0.04 + 0.002 * cos(seq_len(m))
  within <- mean(variances)
  between <- (1 + 1 / m) * var(estimates)
  half <- qt(0.975, (m - 1) * (1 + within / between)^2) * sqrt(within + between)
  add("pool", m, c("estimate", "low", "high"), mean(estimates) + c(0, -half, half))
}

# 5. The shares of true groups that make what the rules found most likely, by a general optimiser:
#    classified[r, g] is the chance of r by the rules in true group g
classified <- matrix(c(0.8, 0.1, 0.04, 0.06, 0.15, 0.7, 0.05, 0.1, 0.02, 0.03, 0.9, 0.05), 4, 3)
found <- rbind(c(60, 25, 100, 12), c(40, 9, 300, 8), c(3, 30, 4, 2))
for (s in 1:3) {
  shares <- function(theta) exp(c(theta, 0)) / sum(exp(c(theta, 0)))
  minus <- function(theta) -sum(found[s, ] * log(classified %*% shares(theta)))
  best <- optim(c(0, 0), minus, control = list(reltol = 1e-15, maxit = 5000))
  add("shares", s, c("1", "2", "3"), shares(best$par))
}

write.csv(do.call(rbind, rows), file.path(folder, "oracle.csv"), row.names = FALSE, quote = FALSE)
writeLines(capture.output(sessionInfo()), file.path(folder, "session_info.txt"))
