/** Where files of the user go. */
package dev.skim.llm.storage;
