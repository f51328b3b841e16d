// The objective of ADBench's Gaussian mixture (F. Srajer and others, 2018) as one writes it in C++, and a loop that times it.
// Standard input: d, k, n as three doubles, then alphas[k], means[k][d], icf[k][d(d+1)/2], x[n][d], gamma, m; after that each
// byte asks for one evaluation, answered by a line `value milliseconds`.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <vector>

static double log_sum_exp(const double* x, int n) {
  const double most = *std::max_element(x, x + n);
  double sum = 0;
  for (int i = 0; i < n; i++) sum += std::exp(x[i] - most);
  return std::log(sum) + most;
}

static double objective(int d, int k, int n, const double* alphas, const double* means, const double* icf,
                        const double* x, double gamma, double m) {
  const int width = d * (d + 1) / 2;
  std::vector<double> diagonals(k * d), sums(k), centered(d), product(d), terms(k);
  for (int c = 0; c < k; c++)
    for (int i = 0; i < d; i++) {
      sums[c] += icf[c * width + i];
      diagonals[c * d + i] = std::exp(icf[c * width + i]);
    }
  double slse = 0;
  for (int p = 0; p < n; p++) {
    for (int c = 0; c < k; c++) {
      for (int i = 0; i < d; i++) centered[i] = x[p * d + i] - means[c * d + i];
      for (int i = 0; i < d; i++) product[i] = diagonals[c * d + i] * centered[i];
      const double* lower = icf + c * width + d;
      for (int i = 0; i < d; i++)
        for (int j = i + 1; j < d; j++) product[j] += *lower++ * centered[i];
      double squares = 0;
      for (int i = 0; i < d; i++) squares += product[i] * product[i];
      terms[c] = alphas[c] + sums[c] - 0.5 * squares;
    }
    slse += log_sum_exp(terms.data(), k);
  }
  double prior = 0;
  for (int c = 0; c < k; c++) {
    double frobenius = 0;
    for (int i = 0; i < d; i++) frobenius += diagonals[c * d + i] * diagonals[c * d + i];
    for (int i = d; i < width; i++) frobenius += icf[c * width + i] * icf[c * width + i];
    prior += 0.5 * gamma * gamma * frobenius - m * sums[c];
  }
  return slse - n * log_sum_exp(alphas, k) + prior;
}

static std::vector<double> take(size_t count) {
  std::vector<double> values(count);
  if (fread(values.data(), sizeof(double), count, stdin) != count) std::exit(1);
  return values;
}

int main() {
  const auto sizes = take(3);
  const int d = sizes[0], k = sizes[1], n = sizes[2];
  const auto alphas = take(k), means = take(k * d), icf = take(size_t(k) * d * (d + 1) / 2), x = take(size_t(n) * d);
  const auto prior = take(2);
  while (getchar() != EOF) {
    const auto begin = std::chrono::steady_clock::now();
    const double value = objective(d, k, n, alphas.data(), means.data(), icf.data(), x.data(), prior[0], prior[1]);
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
    printf("%.17g %.6f\n", value, took.count());
    fflush(stdout);
  }
}
