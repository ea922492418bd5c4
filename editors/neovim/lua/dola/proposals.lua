---The proposals that the servers keep, as they tell of them.

---What the server sends as `dola/proposed`, and whose it is.
---@class dola.Proposal
---@field id string
---@field uri string
---@field label string `refactor total_price, 12 lines`
---@field reason string Why it was not applied.
---@field refused boolean Whether it is an answer that was refused, and not only one to look at.
---@field hunks integer
---@field client_id integer

local M = {}

local kept = {} ---@type dola.Proposal[] The oldest first.

local news = nil ---@type string?

---How long the end of the progress may take to come, in milliseconds.
local GRACE = 300

---@param id string
---@param client_id integer
---@return integer?
local function index_of(id, client_id)
  return (
    vim.iter(ipairs(kept)):find(function(_, one)
      return one.id == id and one.client_id == client_id
    end)
  )
end

---Take in `dola/proposed`: a proposal that is new, or has changed.
---@param params dola.Proposal
---@param client_id integer
function M.proposed(params, client_id)
  local proposal = vim.tbl_extend('force', params, { client_id = client_id })
  local at = index_of(params.id, client_id)
  kept[at or #kept + 1] = proposal
  if not at then
    -- Of what it refused the server itself tells, with its reason.
    if not params.refused then
      news = params.label .. ', waits for `:Dola review`.'
      -- At the end of the progress, which would hide it; there is none where the answer was quick.
      vim.defer_fn(M.tell_news, GRACE)
    end
    vim.api.nvim_exec_autocmds('User', {
      pattern = 'DolaProposed',
      modeline = false,
      data = { proposal = proposal },
    })
  end
  vim.cmd('redrawstatus!')
end

---Tell of a proposal that has come; once.
---@return boolean # Whether there was anything to tell.
function M.tell_news()
  local told = news
  news = nil
  if told then
    require('dola.say')(told, vim.log.levels.INFO)
  end
  return told ~= nil
end

---Take in `dola/settled`: a proposal is there no more.
---@param params { id: string }
---@param client_id integer
function M.settled(params, client_id)
  local at = index_of(params.id, client_id)
  if at then
    table.remove(kept, at)
  end
  -- Where none was ever opened, there is none to close.
  if package.loaded['dola.review'] then
    require('dola.review').settled(params.id, client_id)
  end
  vim.cmd('redrawstatus!')
end

---All proposals of running servers.
---@return dola.Proposal[]
function M.all()
  kept = vim.tbl_filter(function(one)
    return vim.lsp.get_client_by_id(one.client_id) ~= nil
  end, kept)
  return kept
end

---The proposals for a buffer.
---@param bufnr integer
---@return dola.Proposal[]
function M.of(bufnr)
  return vim.tbl_filter(function(one)
    return one.uri == vim.uri_from_bufnr(bufnr)
  end, M.all())
end

return M
