# Makes the data and the numbers that tests/test_cox_against_r.py compares with.
# Usage: Rscript tests/oracle/cox/make_oracle.R tests/oracle/cox
suppressMessages({library(survival); library(numDeriv)})
# Hmisc and splines are called by name
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

# 89 patients, a group of nine in which nobody died, and one of twenty in which few did
sparse <- data.frame(days = ceiling(rexp(89, 1 / 40)), group = rep(c("a", "nine", "twenty"), c(60, 9, 20)),
                     age = round(rnorm(89, 62, 12)))
sparse$status <- as.integer(runif(89) < c(a = 0.5, nine = 0, twenty = 0.15)[sparse$group])
# nine against nine: all of one group die before anyone of the other
apart <- data.frame(days = c(1:9, 9 + c(1, 2, 2, 3, 4, 5, 6, 7, 8)), status = rep(c(1, 1, 0), 6),
                    first = rep(1:0, each = 9))
# example(coxphf): ten rows, start and stop
ten <- data.frame(entry = c(1, 2, 5, 2, 1, 7, 3, 4, 8, 8), days = c(2, 3, 6, 7, 8, 9, 9, 9, 14, 17),
                  status = rep(1:0, c(7, 3)), x = c(1, 0, 0, 1, 0, 1, 1, 1, 0, 0))

# 400 index counts above 40, as skewed as real ones, whose hazard rises and then levels off
log2_wbc <- round(log2(40) + rexp(400, 1.5), 3)
count <- data.frame(log2_wbc, age = round(rnorm(400, 62, 12)))
count$days <- ceiling(rexp(400, exp(-4.5 + 1.5 * pmin(log2_wbc - 5.3, 0.6) + 0.02 * (count$age - 62))))
count$status <- as.integer(count$days <= 84)
count$days <- pmin(count$days, 84)

data_sets <- list(
  count = count, late = late, sparse = sparse, apart = apart, ten = ten,
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
  # what plot.cox.zph draws, column by column: its own lines, without the plot
  zph <- cox.zph(fit, transform = "km", terms = FALSE)
  drawn <- seq(min(zph$x), max(zph$x), length = 40)
  basis <- splines::ns(c(drawn, zph$x), df = 4, intercept = TRUE)
  at <- c(1, 10, 25, 40)
  decomposed <- qr(basis[-(1:40), ])
  inverse <- chol2inv(qr.R(decomposed))
  for (j in if (anyNA(zph$y)) integer() else seq_along(coef(fit))) {
    curve <- basis[1:40, ] %*% qr.coef(decomposed, zph$y[, j])
    error <- sqrt(zph$var[j, j] * rowSums((basis[1:40, ] %*% inverse) * basis[1:40, ]))
    what <- paste(key, "smooth", names(coef(fit))[j])
    add(what, as.character(at), "x", drawn[at])
    add(what, as.character(at), "y", curve[at])
    add(what, as.character(at), "se", error[at])
  }
}

bent <- Hmisc::rcspline.eval(count$log2_wbc, nk = 4, inclx = TRUE)
knots <- attr(bent, "knots")
curved <- coxph(Surv(days, status) ~ bent + age, count, control = exact)
straight <- coxph(Surv(days, status) ~ log2_wbc + age, count, control = exact)
without <- coxph(Surv(days, status) ~ age, count, control = exact)
add("spline", "count", paste0("knot", 1:4), knots)
for (other in list(straight, without)) {
  test <- anova(other, curved)
  name <- if (identical(other, straight)) "bend" else "association"
  add("spline", name, c("chisq", "df", "p"), unlist(test[2, c("Chisq", "Df", "Pr(>|Chi|)")]))
}
at <- c(5.4, 5.6, 6, 6.5, 7)
from <- c(Hmisc::rcspline.eval(5.8, knots, inclx = TRUE))
shift <- sweep(Hmisc::rcspline.eval(at, knots, inclx = TRUE), 2, from)
add("spline", as.character(at), "log", shift %*% coef(curved)[1:3])
add("spline", as.character(at), "se", sqrt(rowSums((shift %*% vcov(curved)[1:3, 1:3]) * shift)))

# Firth's penalised likelihood is coxph's own, plus half the log determinant of its information
penalised <- list( # data, formula, first rows
  sparse = list("sparse", "Surv(days, status) ~ group + age"),
  apart = list("apart", "Surv(days, status) ~ first"),
  ten = list("ten", paste(entered, "x")),
  `late first` = list("late", paste(entered, "age + treated + strata(site)"), 175:215)
)
for (key in names(penalised)) {
  model <- penalised[[key]]
  frame <- data_sets[[model[[1]]]]
  if (length(model) == 3) frame <- frame[model[[3]], ]
  likelihood <- function(b) {
    still <- coxph.control(iter.max = 0, toler.chol = 1e-20)
    fit <- try(suppressWarnings(coxph(as.formula(model[[2]]), frame, init = b, control = still)), TRUE)
    if (inherits(fit, "try-error")) return(-1e6) # too far out for exp()
    fit$loglik[length(fit$loglik)] - 0.5 * as.numeric(determinant(fit$var)$modulus)
  }
  fit <- suppressWarnings(coxph(as.formula(model[[2]]), frame))
  spread <- apply(model.matrix(fit), 2, sd)
  # the highest point in the free coefficients: a search, and if it is to be exact, Newton's steps
  climb <- function(b, free, newton = 0) {
    if (!any(free)) return(b)
    along <- function(x) likelihood(replace(b, free, x / spread[free]))
    x <- optim(b[free] * spread[free], function(x) -along(x), method = "BFGS", control = list(reltol = 1e-12))$par
    for (i in seq_len(newton)) x <- x - solve(hessian(along, x), grad(along, x))
    replace(b, free, x / spread[free])
  }
  p <- length(spread)
  top <- climb(rep(0, p), rep(TRUE, p), newton = 3)
  highest <- likelihood(top)
  what <- paste("firth", key)
  add(what, names(spread), "coefficient", top)
  add(what, "model", "lr", 2 * (highest - likelihood(rep(0, p))))
  for (j in seq_len(p)) {
    depth <- function(x) 2 * (highest - likelihood(climb(replace(top, j, x), seq_len(p) != j)))
    add(what, names(spread)[j], "p", pchisq(depth(0), 1, lower.tail = FALSE))
    for (side in c(-1, 1)) {
      short <- function(x) depth(top[j] + side * x) - qchisq(0.95, 1)
      far <- 0.5 / spread[j]
      while (short(far) < 0) far <- 1.5 * far
      end <- uniroot(short, c(0, far), tol = 1e-10)$root
      add(what, names(spread)[j], if (side < 0) "low" else "high", exp(top[j] + side * end))
    }
  }
}

write.csv(do.call(rbind, rows), file.path(folder, "oracle.csv"), row.names = FALSE, quote = FALSE)
writeLines(capture.output(sessionInfo()), file.path(folder, "session_info.txt"))
