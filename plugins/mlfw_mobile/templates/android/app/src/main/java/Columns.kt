package @PACKAGE@

import java.time.LocalDateTime
import java.util.zip.CRC32
import org.json.JSONArray
import org.json.JSONObject

/** The columns and targets of the model, as `columns.json` describes them. */
class Columns(text: String) {
    val all: List<Column>
    val targets: List<Target>

    init {
        val json = JSONObject(text)
        all = objects(json.getJSONArray("columns")).map { Column(it) }
        targets = objects(json.getJSONArray("targets")).map { Target(it) }
    }

    /** Returns the values of a row that is written in JSON, by column. */
    fun parse(row: JSONObject): Map<String, Any?> =
        all.associate { it.name to it.parse(row.opt(it.name)) }
}

/** What is predicted. */
class Target(json: JSONObject) {
    val name: String = json.getString("name")
    val output: String = json.getString("output")
    val classes: List<String> = strings(json, "classes")

    /** Returns the likeliest class; the first one of equally likely ones. */
    fun likely(probabilities: DoubleArray): Likely {
        val best = probabilities.indices.maxByOrNull { probabilities[it] } ?: 0
        return Likely(classes[best], classes.zip(probabilities.toList()).toMap())
    }

    /** Returns the labels with a probability of at least 0.5. */
    fun labels(probabilities: DoubleArray): Labels {
        val pairs = classes.zip(probabilities.toList())
        return Labels(pairs.filter { it.second >= 0.5 }.map { it.first }, pairs.toMap())
    }
}

/** A predicted class and how likely each class is. */
data class Likely(val label: String, val probabilities: Map<String, Double>)

/** Predicted labels and how likely each label is. */
data class Labels(val labels: List<String>, val probabilities: Map<String, Double>)

/** A column, and how a value becomes an input of the model. */
class Column(json: JSONObject) {
    val name: String = json.getString("name")
    val kind: String = json.getString("kind")
    val holds: String = json.getString("holds")
    val usual: Double? = if (json.has("usual")) json.getDouble("usual") else null
    val integer: Boolean = json.optBoolean("integer")
    val choices: List<String> = strings(json, "categories")
    private val type: String = json.getString("type")
    private val missing: String = json.optString("missing")
    private val codes: Map<String, Int> =
        (choices + strings(json, "vocabulary") + strings(json, "words"))
            .withIndex()
            .associate { it.value to it.index }
    private val words: Int = strings(json, "words").size
    private val buckets: Int = json.optInt("buckets")
    private val runs: Int = json.optInt("ngrams", 1)
    private val length: Int = json.optInt("length")

    /** Returns a value that is written in JSON: a number, text or boolean, a date in ISO 8601. */
    fun parse(value: Any?): Any? =
        when {
            value == null || value == JSONObject.NULL -> null
            kind == "number" -> (value as Number).toDouble()
            kind == "datetime" -> LocalDateTime.parse(value as String)
            else -> value
        }

    /** Returns a value as the elements of the model's input: an array. */
    fun read(value: Any?): Any =
        when (kind) {
            "category" -> category(value as String?)
            "text" -> text(value as String? ?: "")
            else -> number(value)
        }

    private fun number(value: Any?): Any {
        val number =
            when (value) {
                null -> Double.NaN
                is Boolean -> if (value) 1.0 else 0.0
                is LocalDateTime -> days(value)
                else -> (value as Number).toDouble()
            }
        return if (type == "string") arrayOf(written(number)) else doubleArrayOf(number)
    }

    private fun category(value: String?): Any {
        val code = if (value == null) 0 else codes.getOrDefault(value, -1) + 1
        return when (type) {
            "string" -> arrayOf(value ?: missing)
            "int64" -> longArrayOf(code.toLong())
            else -> intArrayOf(code)
        }
    }

    private fun text(value: String): Any {
        val found = wordsOf(value)
        if (length > 0) {
            val numbers = IntArray(length)
            for (place in 0 until minOf(length, found.size)) {
                numbers[place] = codes.getOrDefault(found[place], -1) + 2
            }
            return numbers
        }
        val counts = FloatArray(maxOf(words, buckets))
        for (size in 1..runs) {
            for (run in found.windowed(size)) {
                val term = run.joinToString(" ")
                if (buckets > 0) {
                    val hash = CRC32().apply { update(term.toByteArray()) }.value
                    counts[(hash % buckets).toInt()] += if (hash < 1L shl 31) 1f else -1f
                } else {
                    codes[term]?.let { counts[it] += 1f }
                }
            }
        }
        return counts
    }

    private companion object {
        const val DAY = 86_400_000_000L
        const val LEAST = 1e-300
        val SEPARATOR = Regex("[^\\p{L}\\p{M}\\p{N}_]+")

        /** Returns a date as days since 1970. */
        fun days(value: LocalDateTime): Double {
            val time = value.toLocalTime().toNanoOfDay() / 1000
            return (value.toLocalDate().toEpochDay() * DAY + time).toDouble() / DAY
        }

        /** Returns a number as the model reads it. */
        fun written(number: Double): String =
            when {
                !number.isFinite() -> "NaN"
                Math.abs(number) < LEAST -> "0"
                else -> number.toString()
            }

        fun wordsOf(text: String): List<String> {
            val lower = StringBuilder()
            text.codePoints().forEach { lower.appendCodePoint(Character.toLowerCase(it)) }
            return lower.split(SEPARATOR).filter { it.isNotEmpty() }
        }
    }
}

private fun objects(array: JSONArray): List<JSONObject> =
    (0 until array.length()).map { array.getJSONObject(it) }

private fun strings(json: JSONObject, name: String): List<String> {
    val array = json.optJSONArray(name) ?: return emptyList()
    return (0 until array.length()).map { array.getString(it) }
}
