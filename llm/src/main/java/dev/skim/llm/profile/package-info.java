/** Profiles of models: made by calibration, kept as JSON, found again by the model's hash. */
package dev.skim.llm.profile;
