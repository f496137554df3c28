# Makes the data and the numbers that tests/test_cox_against_r.py compares with.
# Usage: Rscript tests/oracle/cox/make_oracle.R tests/oracle/cox
suppressMessages(library(survival))
folder <- commandArgs(trailingOnly = TRUE)[1]
RNGkind("Mersenne-Twister", "Inversion", "Rejection")
set.seed(84)

# 300 patients who come under observation late; whole days, so many ties; three sites of several
# wards each
n <- 300
site <- rep(c("east", "north", "west"), c(150, 100, 50))
ward <- paste0(substr(site, 1, 1), sample(1:8, n, TRUE))
age <- round(rnorm(n, 62, 12))
treated <- rbinom(n, 1, 0.4)
entry <- floor(rexp(n, 1 / 10))
days <- entry + 1 + floor(rexp(n, exp(-4 + 0.5 * treated + 0.03 * (age - 62) + 0.6 * (site == "west"))))
status <- as.integer(days <= 84)
days <- pmin(days, 84)
late <- subset(data.frame(entry, days, status, site, ward, age, treated), entry < days)

data_sets <- list(
  late = late,
  heart = with(heart, data.frame(entry = start, days = stop, status = event, age, year, surgery,
                                 transplant = as.integer(transplant == 1), id)),
  bladder = with(bladder2, data.frame(entry = start, days = stop, status = event, treated = rx - 1,
                                      number, size, enum, id)),
  lung = with(na.omit(lung[c("time", "status", "age", "sex", "ph.ecog", "inst")]),
              data.frame(days = time, status = status - 1, age, male = as.integer(sex == 1),
                         ph_ecog = ph.ecog, inst))
)
entered <- "Surv(entry, days, status) ~"
models <- list( # data, formula, cluster
  "late entry" = list("late", paste(entered, "age + treated")),
  "late strata" = list("late", paste(entered, "age + treated + strata(site)")),
  "late cluster" = list("late", paste(entered, "age + treated"), "ward"),
  "late all" = list("late", paste(entered, "age + treated + strata(site)"), "ward"),
  "heart entry" = list("heart", paste(entered, "age + year + surgery + transplant")),
  "heart cluster" = list("heart", paste(entered, "age + year + surgery + transplant"), "id"),
  "bladder all" = list("bladder", paste(entered, "treated + number + size + strata(enum)"), "id"),
  "lung strata" = list("lung", "Surv(days, status) ~ age + ph_ecog + strata(male)"),
  "lung cluster" = list("lung", "Surv(days, status) ~ age + male + ph_ecog", "inst"),
  "lung both" = list("lung", "Surv(days, status) ~ age + male + strata(ph_ecog)", "inst")
)

rows <- list()
add <- function(what, key, name, value) {
  if (length(value)) rows[[length(rows) + 1]] <<-
    data.frame(what, key, name, value = trimws(formatC(value, digits = 17, format = "g")))
}
for (data in names(data_sets))
  write.csv(data_sets[[data]], file.path(folder, paste0(data, ".csv")), row.names = FALSE, quote = FALSE)

# tighter than the default 1e-9 on the log-likelihood, which leaves 1e-5 in a coefficient
exact <- coxph.control(eps = 1e-12, toler.chol = 1e-13, iter.max = 100)
for (key in names(models)) {
  model <- models[[key]]
  frame <- data_sets[[model[[1]]]]
  formula <- as.formula(model[[2]])
  if (length(model) == 3) {
    frame$by <- frame[[model[[3]]]]
    fit <- coxph(formula, frame, ties = "efron", control = exact, cluster = by)
    add(key, "model", "wald", fit$wald.test)
  } else fit <- coxph(formula, frame, ties = "efron", control = exact)
  add(key, names(coef(fit)), "coefficient", coef(fit))
  add(key, names(coef(fit)), "se", sqrt(diag(vcov(fit))))
  add(key, "model", c("loglik0", "loglik", "n_events"), c(fit$loglik, fit$nevent))
  for (transform in c("km", "identity")) {
    table <- cox.zph(fit, transform = transform)$table
    for (column in c("chisq", "df", "p"))
      add(paste(key, "zph", transform), rownames(table), column, table[, column])
  }
}

write.csv(do.call(rbind, rows), file.path(folder, "oracle.csv"), row.names = FALSE, quote = FALSE)
writeLines(capture.output(sessionInfo()), file.path(folder, "session_info.txt"))
