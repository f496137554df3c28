# Makes the data and the numbers that tests/test_competing_against_r.py compares with.
# Usage: Rscript tests/oracle/competing/make_oracle.R tests/oracle/competing
suppressMessages({library(survival); library(cmprsk)})
folder <- commandArgs(trailingOnly = TRUE)[1]
RNGkind("Mersenne-Twister", "Inversion", "Rejection")
set.seed(1988)

# days to hospice (1) or death without it (2), whole days so many ties; then days to death or loss
n <- 600
group <- rep(c("infection", "plr", "other"), c(160, 90, 350))
age <- round(rnorm(n, 62, 12))
male <- rbinom(n, 1, 0.5)
log2_wbc <- round(log2(40) + rexp(n, 2), 3)
rate <- function(base, plr) exp(base + plr * (group == "plr") + 0.02 * (age - 62) + 0.1 * log2_wbc - 0.5)
hospice_on <- floor(rexp(n, rate(-5.2, 1.1)))
death_on <- floor(rexp(n, rate(-4.8, 0.4)))
seen_until <- floor(runif(n, 10, 400))
first <- pmin(hospice_on, death_on, seen_until, 84)
status <- ifelse(death_on <= first & death_on <= 84, 2, ifelse(hospice_on <= first & hospice_on <= 84, 1, 0))
after_on <- first + 1 + floor(rexp(n, 1 / 20))
death_day <- ifelse(status == 2, first, ifelse(status == 1, after_on, pmax(death_on, first + 1)))
last <- pmin(death_day, seen_until, 365)
last <- pmax(last, first)
died <- as.integer(death_day <= seen_until & death_day <= 365)
died[status == 2] <- 1
days <- ifelse(first == 0 & status > 0, 0.5, first)
last <- ifelse(last == 0 & died == 1, 0.5, pmax(last, days))
age[c(3, 300, 501)] <- NA
cohort <- data.frame(days, status, group, age, male, log2_wbc, last, died)

# as in a small study: 9 patients in one group, censoring before the horizon
small <- cohort[c(1:25, 161:169, 251:290), ]
# another disease, with horizons far beyond 84: progression (1) or death (2) in months (Kyle 2002)
mgus <- with(mgus2, data.frame(
  days = ifelse(pstat == 1, ptime, futime), status = ifelse(pstat == 1, 1, 2 * death),
  group = ifelse(sex == "F", "female", "male"), age, male = as.integer(sex == "M"), log2_wbc = round(hgb, 1),
  last = pmax(futime, ptime), died = death))
mgus <- mgus[seq(1, nrow(mgus), by = 3), ]
mgus$died[mgus$status == 2] <- 1
# no two times alike, where every road to Fine and Gray is the same road
untied <- cohort[seq(1, n, by = 2), ]
untied$days <- untied$days + seq_len(nrow(untied)) / 1000
untied$last <- untied$last + 1
data_sets <- list(cohort = cohort, small = small, mgus2 = mgus, untied = untied)

rows <- list()
add <- function(data, what, key, name, value) {
  if (length(value)) rows[[length(rows) + 1]] <<-
    data.frame(data, what, key, name, value = trimws(formatC(value, digits = 17, format = "g")))
}
state_names <- c("alive", "hospice", "after", "without")

occupation <- function(data, key, frame) {
  id <- seq_len(nrow(frame))
  first <- data.frame(id, start = 0, stop = frame$days,
                      to = factor(c("censor", "hospice", "without")[frame$status + 1],
                                  c("censor", "hospice", "after", "without")))
  second <- with(frame, data.frame(id, start = days, stop = last,
                                   to = factor(ifelse(died == 1, "after", "censor"), levels(first$to))))[frame$status == 1, ]
  long <- rbind(first, second)
  long <- long[long$stop > long$start, ]
  long <- long[order(long$id, long$start), ]
  fit <- survfit(Surv(start, stop, to) ~ 1, long, id = id, conf.type = "log-log")
  fit_at <- summary(fit, times = c(7, 28, 56, 84), extend = TRUE)
  states <- c("alive", fit$states[-1])
  for (i in seq_along(states)) for (piece in c("pstate", "std.err", "lower", "upper"))
    add(data, "states", paste(key, fit_at$time, states[i], sep = "@"), piece, fit_at[[piece]][, i])
  # competing risks alone: nobody leaves hospice
  fit <- survfit(Surv(days, factor(status, 0:2, c("censor", "hospice", "death"))) ~ 1, frame, conf.type = "log-log")
  fit_at <- summary(fit, times = c(7, 28, 56, 84), extend = TRUE)
  for (i in 2:3) for (piece in c("pstate", "std.err", "lower", "upper"))
    add(data, "incidence", paste(key, fit_at$time, fit$states[i], sep = "@"), piece, fit_at[[piece]][, i])
  # the same estimate from another package
  theirs <- timepoints(cuminc(frame$days, frame$status), c(7, 28, 56, 84))
  for (i in seq_len(nrow(theirs$est)))
    add(data, "cuminc", paste(key, colnames(theirs$est), c("hospice", "death")[i], sep = "@"), "est", theirs$est[i, ])
}

for (data in names(data_sets)) {
  frame <- data_sets[[data]]
  write.csv(frame, file.path(folder, paste0(data, ".csv")), row.names = FALSE, quote = FALSE)
  occupation(data, "all", frame)
  for (level in sort(unique(frame$group))) occupation(data, level, frame[frame$group == level, ])
  tests <- cuminc(frame$days, frame$status, frame$group)$Tests
  for (i in 1:2) add(data, "gray", c("hospice", "death")[i], c("chisq", "p", "df"), tests[i, ])

  whole <- frame[complete.cases(frame), ]
  x <- model.matrix(~ relevel(factor(group), sort(unique(group))[1]) + age + male + log2_wbc, whole)[, -1]
  colnames(x) <- sub("^relevel.*\\)", "group", colnames(x))
  if (data == "mgus2") x <- x[, -1]  # the group is the sex
  if (data == "small") x <- x[, "age", drop = FALSE]
  for (cause in 1:2) {
    key <- c("hospice", "death")[cause]
    fit <- crr(whole$days, whole$status, x, failcode = cause, gtol = 1e-13, maxiter = 100)
    se <- sqrt(diag(fit$var))
    add(data, "crr", paste(key, colnames(x), sep = "@"), "coefficient", fit$coef)
    add(data, "crr", paste(key, colnames(x), sep = "@"), "se", se)
    add(data, "crr", paste(key, colnames(x), sep = "@"), "low", exp(fit$coef - qnorm(0.975) * se))
    add(data, "crr", paste(key, colnames(x), sep = "@"), "high", exp(fit$coef + qnorm(0.975) * se))
    # the same coefficients by another road
    long <- finegray(Surv(days, factor(status, 0:2, c("censor", "hospice", "death"))) ~ .,
                     data.frame(whole[c("days", "status")], x), etype = key)
    fit <- coxph(reformulate(colnames(x), "Surv(fgstart, fgstop, fgstatus)"), long, weights = fgwt, ties = "breslow",
                 control = coxph.control(eps = 1e-12, toler.chol = 1e-13, iter.max = 100))
    add(data, "finegray", paste(key, colnames(x), sep = "@"), "coefficient", coef(fit))
    # cause-specific
    fit <- coxph(reformulate(colnames(x), "Surv(days, status == cause)"), data.frame(whole[c("days", "status")], x, cause),
                 control = coxph.control(eps = 1e-12, toler.chol = 1e-13, iter.max = 100))
    add(data, "cause-specific", paste(key, colnames(x), sep = "@"), "coefficient", coef(fit))
    add(data, "cause-specific", paste(key, colnames(x), sep = "@"), "se", sqrt(diag(vcov(fit))))
  }
}

write.csv(do.call(rbind, rows), file.path(folder, "oracle.csv"), row.names = FALSE, quote = FALSE)
writeLines(capture.output(sessionInfo()), file.path(folder, "session_info.txt"))
