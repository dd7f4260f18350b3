#include "tests/fuzz/mutator.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace pretext::testing {
namespace {

size_t Below(size_t bound, Random& random) {
  return random.Below(static_cast<uint32_t>(std::max<size_t>(bound, 1)));
}

const std::string& Pick(const std::vector<std::string>& from, Random& random) {
  return from[Below(from.size(), random)];
}

bool IsWord(char c) { return absl::ascii_isalnum(c) || c == '_' || c == '.' || c == '+'; }

// Values at the edges of what types hold.
const std::vector<std::string>& Extremes() {
  static const auto* extremes = new std::vector<std::string>{"0",
                                                             "1",
                                                             "-1",
                                                             "2",
                                                             "3",
                                                             "64",
                                                             "127",
                                                             "4096",
                                                             "16777216",
                                                             "16777217",
                                                             "2147483647",
                                                             "-2147483648",
                                                             "4294967295",
                                                             "1099511627776",
                                                             "9223372036854775807",
                                                             "-9223372036854775808",
                                                             "18446744073709551615",
                                                             "99999999999999999999",
                                                             "0.5",
                                                             "1.0",
                                                             "1e-45",
                                                             "1e38",
                                                             "1e39",
                                                             "1e308",
                                                             "1e999",
                                                             "-0.0",
                                                             "nan",
                                                             "inf",
                                                             "-inf",
                                                             "0x7f",
                                                             "017",
                                                             "1.5f",
                                                             "true",
                                                             "false",
                                                             "\"\"",
                                                             "\"x\"",
                                                             "'\\xff\\0'",
                                                             "\"/\"",
                                                             "{}",
                                                             "<>",
                                                             "[]",
                                                             "[1, 2]",
                                                             "\"missing\""};
  return *extremes;
}

}  // namespace

std::vector<std::string> Tokens(const std::string& text) {
  std::vector<std::string> tokens;
  for (size_t i = 0; i < text.size();) {
    size_t end = i + 1;
    if (IsWord(text[i])) {
      while (end < text.size() && IsWord(text[end])) ++end;
    } else if (absl::ascii_isspace(text[i])) {
      while (end < text.size() && absl::ascii_isspace(text[end])) ++end;
    } else if (text[i] == '"') {
      while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2 : 1;
      end = std::min(end + 1, text.size());
    }
    tokens.push_back(text.substr(i, end - i));
    i = end;
  }
  return tokens;
}

Mutator::Mutator(std::vector<std::string> words, std::vector<std::string> texts)
    : words_(std::move(words)), texts_(std::move(texts)) {}

std::string Mutator::Mutate(const std::string& text, Random& random) const {
  std::string result = text;
  const uint32_t changes = 1 + random.Below(4);
  const bool numbers = random.Below(2) == 0;
  for (uint32_t i = 0; i < changes; ++i) {
    const uint32_t way = random.Below(16);
    result = numbers    ? MutateNumber(result, random)
             : way < 11 ? MutateTokens(result, random)
             : way < 15 ? MutateBytes(std::move(result), random)
                        : Splice(result, random);
  }
  return result;
}

std::string Mutator::MutateNumber(const std::string& text, Random& random) const {
  std::vector<std::string> tokens = Tokens(text);
  std::vector<size_t> numbers;
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (absl::ascii_isdigit(tokens[i][0])) numbers.push_back(i);
  }
  if (numbers.empty()) return text;
  tokens[numbers[Below(numbers.size(), random)]] =
      random.Below(2) == 0 ? Pick(Extremes(), random) : absl::StrCat(random.Below(65));
  return absl::StrJoin(tokens, "");
}

std::string Mutator::MutateBytes(std::string text, Random& random) const {
  const size_t at = Below(text.size(), random);
  const size_t length = std::min(text.size() - at, 1 + Below(8, random));
  switch (text.empty() ? 1 : random.Below(5)) {
    case 0:
      text[at] = static_cast<char>(random.Below(256));
      break;
    case 1:
      text.insert(at, 1, static_cast<char>(random.Below(256)));
      break;
    case 2:
      text.erase(at, length);
      break;
    case 3:
      text.insert(at, text.substr(at, length));
      break;
    case 4:
      text.resize(at);  // cut short
      break;
  }
  return text;
}

std::string Mutator::MutateTokens(const std::string& text, Random& random) const {
  std::vector<std::string> tokens = Tokens(text);
  if (tokens.empty()) return Pick(words_, random);
  const size_t at = Below(tokens.size(), random);
  const size_t other = Below(tokens.size(), random);
  const auto begin = tokens.begin() + static_cast<std::ptrdiff_t>(at);
  switch (random.Below(8)) {
    case 0:
      tokens.erase(begin);
      break;
    case 1:
      tokens.insert(begin, Pick(words_, random));
      break;
    case 2:
      std::swap(tokens[at], tokens[other]);
      break;
    case 3: {  // a run of tokens again, such as a field or a part
      const size_t length = std::min(tokens.size() - at, 1 + Below(16, random));
      const std::vector<std::string> run(begin, begin + static_cast<std::ptrdiff_t>(length));
      tokens.insert(begin, run.begin(), run.end());
      break;
    }
    default: {  // a word for a word, a value for a value
      size_t word = at;
      while (word < tokens.size() && !IsWord(tokens[word][0])) ++word;
      if (word == tokens.size()) break;
      const bool number = absl::ascii_isdigit(tokens[word][0]);
      tokens[word] =
          number || random.Below(8) == 0 ? Pick(Extremes(), random) : Pick(words_, random);
      break;
    }
  }
  return absl::StrJoin(tokens, "");
}

std::string Mutator::Splice(const std::string& text, Random& random) const {
  const std::vector<std::string> from = Tokens(Pick(texts_, random));
  std::vector<std::string> tokens = Tokens(text);
  const size_t first = Below(from.size(), random);
  const size_t length = std::min(from.size() - first, 1 + Below(24, random));
  const auto begin = from.begin() + static_cast<std::ptrdiff_t>(first);
  tokens.insert(tokens.begin() + static_cast<std::ptrdiff_t>(Below(tokens.size(), random)), begin,
                begin + static_cast<std::ptrdiff_t>(length));
  return absl::StrJoin(tokens, "");
}

}  // namespace pretext::testing
