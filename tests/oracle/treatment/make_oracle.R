# Makes the data and the numbers that tests/test_treatment_against_r.py compares with.
# Usage: Rscript tests/oracle/treatment/make_oracle.R tests/oracle/treatment
suppressMessages(library(survival))
folder <- commandArgs(trailingOnly = TRUE)[1]
RNGkind("Mersenne-Twister", "Inversion", "Rejection")
set.seed(1977)

# treatment that changes nothing, given to those who live to have it; whole days, so many ties
n <- 400
group <- rep(c("infection", "plr", "other"), c(120, 60, 220))
age <- round(rnorm(n, 62, 12))
ends_on <- floor(rexp(n, exp(-5 + 0.9 * (group == "plr") + 0.02 * (age - 62))))
left_on <- pmin(365, floor(runif(n, 0, 900)))
meant_on <- ifelse(runif(n) < 0.5, 1 + floor(rexp(n, 1 / 45)), NA)
days <- pmin(ends_on, left_on)
status <- as.integer(ends_on <= left_on)
meant_on[3] <- days[3] <- 40; status[3] <- 1        # treated on the day of the event
meant_on[4] <- 14; days[4] <- 14; status[4] <- 0    # lost on the day of a landmark, and treated
days[5] <- 0; status[5] <- 0                        # never followed
days[6:8] <- 0; status[6:8] <- 1                    # events on day 0
treated_day <- ifelse(!is.na(meant_on) & meant_on <= days, meant_on, NA)
raw <- data.frame(id = seq_len(n), days, status, treated_day, group, age)
write.csv(raw, file.path(folder, "cohort.csv"), row.names = FALSE, quote = FALSE, na = "")
cohort <- within(raw, days[days == 0 & status == 1] <- 0.5)

rows <- list()
add <- function(what, key, name, value) {
  rows[[length(rows) + 1]] <<-
    data.frame(what, key, name, value = trimws(formatC(unname(value), digits = 17, format = "g")))
}
exact <- coxph.control(eps = 1e-12, toler.chol = 1e-13, iter.max = 100)
cox <- function(what, key, formula, frame, name = "treated", ties = "efron") {
  fit <- coxph(formula, frame, ties = ties, control = exact)
  row <- summary(fit)$coefficients[name, ]
  half <- qnorm(0.975) * row["se(coef)"]
  add(what, key, c("ratio", "low", "high", "p"),
      c(exp(row["coef"]), exp(row["coef"] - half), exp(row["coef"] + half),
        2 * pnorm(-abs(row["coef"] / row["se(coef)"]))))
  add(what, key, c("n_events"), fit$nevent)
}

parts <- c(list(all = cohort), split(cohort, cohort$group))
adjusted <- function(key) if (key == "all") "treated + group + age" else "treated + age"

for (key in names(parts)) {
  part <- parts[[key]]
  # start-stop rows by tmerge; who was censored on day 0 was at risk at no time
  base <- part[part$days > 0, ]
  rows_of <- tmerge(base, base, id = id, ended = event(days, status))
  rows_of <- tmerge(rows_of, base, id = id, treated = tdc(treated_day))
  add("rows", key, c("n", "treated"), c(nrow(rows_of), sum(rows_of$treated)))
  add("rows", key, "days treated", sum(with(rows_of, (tstop - tstart)[treated == 1])))
  for (model in c("treated", adjusted(key)))
    cox("time-dependent", paste(key, if (model == "treated") "alone" else "adjusted"),
        as.formula(paste("Surv(tstart, tstop, ended) ~", model)), rows_of)

  for (day in c(14, 28, 56, 84)) {
    place <- paste(key, day)
    gone <- part$days <= day
    add("landmark", place, c("had event", "lost"),
        c(sum(gone & part$status == 1), sum(gone & part$status == 0)))
    left <- part[!gone, ]
    left$treated <- as.integer(!is.na(left$treated_day) & left$treated_day <= day)
    left$days <- left$days - day
    add("landmark", place, c("treated", "untreated"), c(sum(left$treated), sum(1 - left$treated)))
    for (arm in 0:1) {
      here <- left[left$treated == arm, ]
      name <- if (arm) "treated" else "untreated"
      if (max(here$days) < 365 - day) next  # nobody of the arm was followed to the horizon
      fit <- summary(survfit(Surv(days, status) ~ 1, here, conf.type = "log-log"), times = 365 - day)
      add("survival", paste(place, name), c("survival", "low", "high"),
          c(fit$surv, fit$lower, fit$upper))
    }
    for (model in c("treated", adjusted(key)))
      cox("landmark", paste(place, if (model == "treated") "alone" else "adjusted"),
          as.formula(paste("Surv(days, status) ~", model)), left)
  }
}

# the comparison not to make
cohort$treated <- as.integer(!is.na(cohort$treated_day) & cohort$treated_day < cohort$days)
cox("naive", "all", Surv(days, status) ~ treated, cohort)
ever <- cohort[cohort$treated == 1, ]
add("naive", "all", "guaranteed", sum(ever$treated_day) / sum(ever$days))

# other rules for the contrast of groups
plr <- "groupplr"
formula <- Surv(days, status) ~ group + age
raw$group <- cohort$group <- relevel(factor(raw$group), "infection")
cox("rules", "as declared", formula, cohort, plr)
cox("rules", "0 days", formula, raw, plr)
cox("rules", "1 day", formula, within(raw, days[days == 0 & status == 1] <- 1), plr)
cox("rules", "breslow", formula, cohort, plr, "breslow")
for (horizon in c(84, 83, 90))
  cox("rules", paste("horizon", horizon), formula, within(cohort, {
    status <- status * (days <= horizon)
    days <- pmin(days, horizon)
  }), plr)
cox("rules", "landmark 60", formula, within(cohort[cohort$days > 60, ], days <- days - 60), plr)
cox("rules", "breslow rows", Surv(tstart, tstop, ended) ~ treated + age,
    {
      base <- cohort[cohort$days > 0, ]
      base$treated <- NULL
      merged <- tmerge(base, base, id = id, ended = event(days, status))
      tmerge(merged, base, id = id, treated = tdc(treated_day))
    }, "treated", "breslow")

write.csv(do.call(rbind, rows), file.path(folder, "oracle.csv"), row.names = FALSE, quote = FALSE)
writeLines(capture.output(sessionInfo()), file.path(folder, "session_info.txt"))
